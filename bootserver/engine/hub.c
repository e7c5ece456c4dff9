/*
 * The stream of events for those who watch.  Stored events are read from the database behind each
 * reader's cursor, so a reader misses nothing and a slow one costs no memory; progress is passed to
 * followers as it comes and dropped for one that does not keep up.
 */
#include "engine/hub.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

#define PAGE 256		/* events read at once */
#define AHEAD_MOST (1 << 20)	/* bytes waiting for a slow follower before progress is dropped */

static void
add_line(struct buf *text, const json_t *event)
{
	size_t len;
	char *line = json_text(event, &len);

	buf_add(text, line, len);
	buf_add(text, "\n", 1);
	free(line);
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

struct hub_reader *
hub_open(struct engine *e, int64_t since, bool follow)
{
	struct hub_reader *reader = mem_new(sizeof(*reader));
	sqlite3_stmt *row;

	buf_init(&reader->text);
	reader->cursor = since;
	reader->follow = follow;
	if (since < 0)
		for (row = db_ask(&e->db, DB_EVENT_LAST, ""); db_next(&e->db, row);)
			reader->cursor = db_num(row, 0);
	reader->next = e->hub->readers;
	e->hub->readers = reader;
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

static void
fill(struct engine *e, struct hub_reader *reader)
{
	sqlite3_stmt *row = db_ask(&e->db, DB_EVENTS_SINCE, "ii", reader->cursor, (int64_t)PAGE);

	while (db_next(&e->db, row)) {
		json_t *event = hub_event(row);

		reader->cursor = db_num(row, 0);
		add_line(&reader->text, event);
		json_decref(event);
	}
}

ssize_t
hub_read(struct engine *e, struct hub_reader *reader, char *ret, size_t most)
{
	size_t len;

	if (reader->taken == reader->text.len) {
		reader->taken = reader->text.len = 0;
		fill(e, reader);
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
