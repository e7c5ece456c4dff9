/* What machines are told to do, row by row: see order.h. */
#include "engine/order.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/cluster.h"
#include "engine/timeline.h"
#include "engine/view.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define OPEN_MOST 16		/* of one machine; what is more waits until some are over */
#define KEPT 20
#define SHOWN 10

static const struct {
	const char *name;
	bool leaves;		/* the agent ends with it: the next boot shows that it was done */
} kinds[ORDER_KINDS] = {
	[ORDER_REBOOT] = { "reboot", true },
	[ORDER_POWEROFF] = { "poweroff", true },
	[ORDER_IDENTIFY] = { "identify", false },
	[ORDER_WIPE] = { "wipe", false },
};

/* An order that is not over. */
struct row {
	int64_t id, seconds, given_ms, taken_ms;
	char kind[16], serial[129];
};

static size_t
open_orders(struct engine *e, const struct machine *m, struct row rows[OPEN_MOST])
{
	sqlite3_stmt *row = db_ask(&e->db, DB_ORDERS_OPEN, "i", m->id);
	size_t count = 0;

	while (db_next(&e->db, row)) {
		struct row *to = &rows[count];

		if (count == OPEN_MOST)
			continue;
		to->id = db_num(row, 0);
		str_copy(to->kind, sizeof(to->kind), db_text(row, 1));
		str_copy(to->serial, sizeof(to->serial), db_text(row, 2));
		to->seconds = db_num(row, 3);
		to->given_ms = db_num(row, 4);
		to->taken_ms = db_num(row, 5);
		count++;
	}
	return count;
}

/* Into the log, and into the timeline of the machine's present boot if there is one. */
static void __attribute__((format(printf, 4, 5)))
tell(struct engine *e, struct machine *m, const char *kind, const char *fmt, ...)
{
	struct note note = { .state = STATE_NOTE, .from = "engine" };
	char sentence[EVENT_TEXT], text[EVENT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "order %s: %.380s", kind, sentence);
	note.text = text;
	if (m->boot) {
		note.phase = m->boot->phase;
		timeline_note(e, m->boot, &note);
	} else {
		log_info("machine=%s text=\"%s\"", m->name, text);
	}
}

static void
end(struct engine *e, const struct row *row, const char *outcome, const char *text)
{
	db_run(&e->db, DB_ORDER_OVER, "iiss", row->id, clock_now_ms(), outcome, text);
}

/* Does this row do for the order?  How long can be changed until the agent has been told. */
static bool
same(const struct row *row, const struct order *order)
{
	return !row->taken_ms && str_eq(row->kind, kinds[order->kind].name) &&
	       str_eq(row->serial, order->serial ? order->serial : "") &&
	       (!row->given_ms || row->seconds == order->seconds);
}

static void
add_again(struct engine *e, struct machine *m, const struct row *row, const struct order *order)
{
	if (row->seconds == order->seconds)
		return;
	db_run(&e->db, DB_ORDER_TIMED, "ii", row->id, order->seconds);
	tell(e, m, row->kind, "%s anew, for %lld s", order->why, (long long)order->seconds);
}

void
order_add(struct engine *e, struct machine *m, const struct order *order)
{
	const char *name = kinds[order->kind].name;
	struct row rows[OPEN_MOST];
	size_t count = open_orders(e, m, rows);

	for (size_t i = 0; i < count; i++)
		if (same(&rows[i], order)) {
			add_again(e, m, &rows[i], order);
			return;
		}
	db_run(&e->db, DB_ORDER_ADD, "isisis", m->id, name, clock_now_ms(), order->serial,
	       order->seconds, order->why);
	db_run(&e->db, DB_ORDERS_PRUNE, "ii", m->id, (int64_t)KEPT);
	tell(e, m, name, "%s%s%s", order->why, order->serial ? ", disk " : "",
	     order->serial ? order->serial : "");
}

bool
order_withdraw(struct engine *e, struct machine *m, enum order_kind kind, const char *why)
{
	const char *name = kinds[kind].name;
	struct row rows[OPEN_MOST];
	size_t count = open_orders(e, m, rows);
	bool withdrawn = false;

	for (size_t i = 0; i < count; i++) {
		if (rows[i].given_ms || !str_eq(rows[i].kind, name))
			continue;
		end(e, &rows[i], "withdrawn", NULL);
		tell(e, m, name, "withdrawn: %s", why);
		withdrawn = true;
	}
	return withdrawn;
}

bool
order_waits(struct engine *e, const struct machine *m)
{
	struct row rows[OPEN_MOST];
	size_t count = open_orders(e, m, rows);

	for (size_t i = 0; i < count; i++)
		if (!rows[i].taken_ms)
			return true;
	return false;
}

json_t *
order_list(struct engine *e, const struct machine *m)
{
	json_t *list = json_array();
	struct row rows[OPEN_MOST];
	size_t count = open_orders(e, m, rows);

	for (size_t i = 0; i < count; i++) {
		json_t *order;

		if (rows[i].taken_ms)
			continue;
		order = json_pack("{s:I, s:s}", "id", (json_int_t)rows[i].id, "kind",
				  rows[i].kind);
		if (rows[i].serial[0])
			json_put(order, "serial", rows[i].serial);
		if (rows[i].seconds)
			json_put_num(order, "seconds", rows[i].seconds);
		json_array_append_new(list, order);
	}
	if (json_array_size(list) > 0)
		db_run(&e->db, DB_ORDERS_GIVEN, "ii", m->id, clock_now_ms());
	return list;
}

static void
take(struct engine *e, struct machine *m, const struct row *row)
{
	if (row->taken_ms)
		return;
	db_run(&e->db, DB_ORDER_TAKEN, "ii", row->id, clock_now_ms());
	tell(e, m, row->kind, "its agent has it");
}

/* How it went, as the agent says. */
static void
finish(struct engine *e, struct machine *m, const struct row *row, const json_t *result)
{
	const char *outcome = json_flag(result, "good", false) ? "done" : "failed";
	const char *text = json_str(result, "text", "");

	end(e, row, outcome, text);
	tell(e, m, row->kind, "%s%s%s", outcome, text[0] ? ": " : "", text);
	if (str_eq(row->kind, kinds[ORDER_WIPE].name))
		cluster_changed(e);	/* order_wiped() */
}

int64_t
order_wiped(struct engine *e)
{
	sqlite3_stmt *row = db_ask(&e->db, DB_ORDERS_DONE, "s", kinds[ORDER_WIPE].name);
	int64_t id = 0;

	while (db_next(&e->db, row))
		id = db_num(row, 0);
	return id;
}

void
order_words(struct engine *e, struct machine *m, const json_t *said)
{
	const json_t *taken = json_object_get(said, "taken");
	const json_t *results = json_object_get(said, "results");
	struct row rows[OPEN_MOST];
	size_t count;

	if (json_array_size(taken) == 0 && json_array_size(results) == 0)
		return;
	count = open_orders(e, m, rows);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < json_array_size(taken); j++)
			if (json_integer_value(json_array_get(taken, j)) == rows[i].id)
				take(e, m, &rows[i]);
		for (size_t j = 0; j < json_array_size(results); j++)
			if (json_num(json_array_get(results, j), "id", 0) == rows[i].id)
				finish(e, m, &rows[i], json_array_get(results, j));
	}
}

/* Was this order carried out by the boot that begins? */
static bool
left(const struct row *row)
{
	for (int kind = 0; kind < ORDER_KINDS; kind++)
		if (str_eq(row->kind, kinds[kind].name))
			return kinds[kind].leaves && row->taken_ms;
	return false;
}

void
order_boot(struct engine *e, struct machine *m)
{
	struct row rows[OPEN_MOST];
	size_t count = open_orders(e, m, rows);

	for (size_t i = 0; i < count; i++) {
		bool done = left(&rows[i]);

		end(e, &rows[i], done ? "done" : "expired", NULL);
		tell(e, m, rows[i].kind, "%s", done ? "done, the machine boots" :
		     rows[i].taken_ms ? "expired: the machine booted before it was done" :
		     "expired: the machine booted by itself before its agent had it");
	}
}

static void
put_time(json_t *to, const char *key, int64_t ms)
{
	json_object_set_new(to, key, ms ? json_integer(ms) : json_null());
}

json_t *
order_view(struct engine *e, const struct machine *m)
{
	json_t *list = json_array();
	sqlite3_stmt *row = db_ask(&e->db, DB_ORDERS_LAST, "ii", m->id, (int64_t)SHOWN);

	while (db_next(&e->db, row)) {
		json_t *one = json_object();
		const char *outcome = db_text(row, 7);

		json_put_num(one, "id", db_num(row, 0));
		json_put(one, "kind", db_text(row, 1));
		view_text(one, "serial", db_text(row, 2));
		view_text(one, "why", db_text(row, 3));
		put_time(one, "made_ms", db_num(row, 4));
		put_time(one, "given_ms", db_num(row, 5));
		put_time(one, "taken_ms", db_num(row, 6));
		put_time(one, "over_ms", db_num(row, 8));
		json_put(one, "state", outcome[0] ? outcome : db_num(row, 8) ? "done" :
			 db_num(row, 6) ? "taken" : db_num(row, 5) ? "given" : "waits");
		view_text(one, "text", db_text(row, 9));
		json_array_append_new(list, one);
	}
	return list;
}
