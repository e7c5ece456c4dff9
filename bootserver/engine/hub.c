/*
 * Answers without a bound, made piece by piece so that none holds up the loop.  The stream of
 * events, for those who watch: stored ones are read from the database behind each reader's cursor,
 * so a reader misses nothing and a slow one costs no memory; progress is passed to followers as it
 * comes and dropped for one that does not keep up.  The list of machines: it goes on behind the
 * last name, whatever came or went meanwhile.
 */
#include "engine/hub.h"

#include <stdlib.h>
#include <string.h>

#include "engine/roll.h"
#include "engine/view.h"
#include "lib/json.h"

#define PAGE 256		/* events read at once */
#define PIECE 16384		/* bytes after which a piece of the list of machines ends */
#define AHEAD_MOST (1 << 20)	/* bytes waiting for a slow follower before progress is dropped */

static void
add(struct buf *text, const json_t *value)
{
	size_t len;
	char *one = json_text(value, &len);

	buf_add(text, one, len);
	free(one);
}

static void
add_line(struct buf *text, const json_t *event)
{
	add(text, event);
	buf_add(text, "\n", 1);
}

json_t *
hub_event(sqlite3_stmt *row)
{
	json_t *event = json_object();

	json_put_num(event, "id", db_num(row, 0));
	json_put_num(event, "at_ms", db_num(row, 1));
	json_put(event, "machine", db_text(row, 2));
	json_put_num(event, "boot", db_num(row, 3));
	json_put(event, "phase", db_text(row, 4));
	json_put(event, "state", db_text(row, 5));
	json_put(event, "text", db_text(row, 6));
	json_put(event, "from", db_text(row, 7));
	return event;
}

static void
fill_events(struct engine *e, struct hub_reader *reader)
{
	sqlite3_stmt *row = db_ask(&e->db, DB_EVENTS_SINCE, "ii", reader->cursor, (int64_t)PAGE);

	while (db_next(&e->db, row)) {
		json_t *event = hub_event(row);

		reader->cursor = db_num(row, 0);
		add_line(&reader->text, event);
		json_decref(event);
	}
}

static void
fill_machines(struct engine *e, struct hub_reader *reader)
{
	size_t at = roll_after(e, reader->name);

	if (reader->ended)
		return;
	if (!reader->begun)
		buf_text(&reader->text, "[");
	for (; at < e->nmachines && reader->left > 0 && reader->text.len < PIECE; at++) {
		json_t *machine = view_machine(e, e->machines[at]);

		if (reader->begun)
			buf_text(&reader->text, ",");
		reader->begun = true;
		add(&reader->text, machine);
		json_decref(machine);
		str_copy(reader->name, sizeof(reader->name), e->machines[at]->name);
		reader->left--;
	}
	reader->ended = at == e->nmachines || reader->left == 0;
	if (reader->ended)
		buf_text(&reader->text, "]");
}

static struct hub_reader *
reader_new(struct engine *e, void (*fill)(struct engine *e, struct hub_reader *reader))
{
	struct hub_reader *reader = mem_new(sizeof(*reader));

	buf_init(&reader->text);
	reader->fill = fill;
	reader->next = e->hub->readers;
	e->hub->readers = reader;
	return reader;
}

struct hub_reader *
hub_open_machines(struct engine *e, const char *after, int64_t most)
{
	struct hub_reader *reader = reader_new(e, fill_machines);

	str_copy(reader->name, sizeof(reader->name), after);
	reader->left = most;
	return reader;
}

struct hub_reader *
hub_open(struct engine *e, int64_t since, bool follow)
{
	struct hub_reader *reader = reader_new(e, fill_events);
	sqlite3_stmt *row;

	reader->cursor = since;
	reader->follow = follow;
	if (since < 0)
		for (row = db_ask(&e->db, DB_EVENT_LAST, ""); db_next(&e->db, row);)
			reader->cursor = db_num(row, 0);
	return reader;
}

void
hub_close(struct engine *e, struct hub_reader *reader)
{
	struct hub_reader **at = &e->hub->readers;

	while (*at != reader)
		at = &(*at)->next;
	*at = reader->next;
	buf_fini(&reader->text);
	free(reader);
}

ssize_t
hub_read(struct engine *e, struct hub_reader *reader, char *ret, size_t most)
{
	size_t len;

	if (reader->taken == reader->text.len) {
		reader->taken = reader->text.len = 0;
		reader->fill(e, reader);
	}
	len = reader->text.len - reader->taken;
	if (len == 0)
		return reader->follow ? 0 : -1;
	if (len > most)
		len = most;
	memcpy(ret, reader->text.text + reader->taken, len);
	reader->taken += len;
	return (ssize_t)len;
}

void
hub_pass(struct engine *e, const json_t *event)
{
	for (struct hub_reader *r = e->hub->readers; r; r = r->next)
		if (r->follow && r->text.len - r->taken < AHEAD_MOST) {
			add_line(&r->text, event);
			if (r->wake)
				r->wake(r->arg);
		}
}

void
hub_turn(struct engine *e)
{
	if (!e->hub->news)
		return;
	e->hub->news = false;
	for (struct hub_reader *r = e->hub->readers; r; r = r->next)
		if (r->follow && r->wake)
			r->wake(r->arg);
}
