/*
 * What the engine remembers over restarts: SQLite in WAL mode, synchronous=FULL.  Nothing here
 * knows what a machine is; the statements are a table, the schema a list of steps counted by
 * user_version.  One transaction a turn of the event loop: db_run() opens it, db_commit() ends it.
 */
#include "engine/db.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/* Step n brings a file of user_version n to n + 1; steps are only ever added. */
static const char *const schema[] = {
	"CREATE TABLE machines (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uuid TEXT,"
	" serial TEXT, asset TEXT, manufacturer TEXT, product TEXT, buildarch TEXT, platform TEXT,"
	" cpu64 INTEGER, lldp TEXT, version TEXT, approved INTEGER, code TEXT, kind TEXT, once"
	" INTEGER, image TEXT, generation INTEGER, tried TEXT, last_good TEXT, pin TEXT, pin_state"
	" TEXT, counter INTEGER, pending TEXT, pending_state TEXT, pending_counter INTEGER, ip"
	" TEXT, ip_mac TEXT, facts TEXT, first_ms INTEGER, seen_ms INTEGER);"
	"CREATE TABLE macs (mac TEXT PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machines ON"
	" DELETE CASCADE) WITHOUT ROWID;"
	"CREATE INDEX macs_machine ON macs (machine);"
	"CREATE TABLE boots (id INTEGER PRIMARY KEY AUTOINCREMENT, machine INTEGER NOT NULL"
	" REFERENCES machines ON DELETE CASCADE, begin_ms INTEGER, script_ms INTEGER, end_ms"
	" INTEGER, outcome TEXT, past INTEGER, kind TEXT, image TEXT, reason TEXT, nonces TEXT,"
	" nonce_ms INTEGER, ip TEXT, mac TEXT, enrolled INTEGER, seq INTEGER, phase TEXT,"
	" phase_state TEXT, phase_ms INTEGER, text TEXT);"
	"CREATE INDEX boots_machine ON boots (machine, id);"
	"CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,"
	" machine INTEGER NOT NULL REFERENCES machines ON DELETE CASCADE, boot INTEGER NOT NULL"
	" REFERENCES boots ON DELETE CASCADE, phase TEXT NOT NULL, state TEXT NOT NULL, text TEXT"
	" NOT NULL, source TEXT NOT NULL);"
	"CREATE INDEX events_boot ON events (boot, id);"
	"CREATE INDEX events_machine ON events (machine);"
	"CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, machine INTEGER NOT NULL"
	" REFERENCES machines ON DELETE CASCADE, kind TEXT NOT NULL, made_ms INTEGER, done_ms"
	" INTEGER);"
	"CREATE INDEX orders_machine ON orders (machine, id);",
	"ALTER TABLE machines ADD COLUMN vouched INTEGER;"
	"ALTER TABLE orders ADD COLUMN serial TEXT;"
	"CREATE TABLE clusters (id TEXT PRIMARY KEY, made_ms INTEGER, made_by TEXT, kubernetes"
	" TEXT, frozen TEXT, report TEXT, report_ms INTEGER, report_by TEXT, rook TEXT,"
	" restoring INTEGER) WITHOUT ROWID;"
	"CREATE TABLE nodes (cluster TEXT NOT NULL, name TEXT NOT NULL, joined_ms INTEGER,"
	" control_plane INTEGER, kubernetes TEXT, PRIMARY KEY (cluster, name)) WITHOUT ROWID;",
	"ALTER TABLE orders ADD COLUMN seconds INTEGER;"
	"ALTER TABLE orders ADD COLUMN why TEXT;"
	"ALTER TABLE orders ADD COLUMN given_ms INTEGER;"
	"ALTER TABLE orders ADD COLUMN taken_ms INTEGER;"
	"ALTER TABLE orders ADD COLUMN outcome TEXT;"
	"ALTER TABLE orders ADD COLUMN text TEXT;"
	"CREATE TABLE trials (machine INTEGER PRIMARY KEY REFERENCES machines ON DELETE CASCADE,"
	" image TEXT NOT NULL, spent_ms INTEGER, over INTEGER);",
	"CREATE TABLE learnt (machine INTEGER PRIMARY KEY REFERENCES machines ON DELETE CASCADE,"
	" way TEXT, good INTEGER, tried_ms INTEGER, binary TEXT, locked INTEGER);",
	"ALTER TABLE clusters ADD COLUMN life INTEGER;",
};
#define SCHEMA_STEPS ((int)(sizeof(schema) / sizeof(schema[0])))

static const char *const texts[DB_QUERIES] = {
	[DB_BEGIN] = "BEGIN IMMEDIATE",
	[DB_COMMIT] = "COMMIT",
	[DB_MACHINE_SAVE] =
		"INSERT INTO machines (id, name, uuid, serial, asset, manufacturer, product,"
		" buildarch, platform, cpu64, lldp, version, approved, code, kind, once, image,"
		" generation, tried, last_good, pin, pin_state, counter, pending, pending_state,"
		" pending_counter, ip, ip_mac, facts, first_ms, seen_ms, vouched) VALUES (?1, ?2,"
		" ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
		" ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32) ON CONFLICT"
		" (id) DO UPDATE SET name=?2, uuid=?3, serial=?4, asset=?5, manufacturer=?6,"
		" product=?7, buildarch=?8, platform=?9, cpu64=?10, lldp=?11, version=?12,"
		" approved=?13, code=?14, kind=?15, once=?16, image=?17, generation=?18,"
		" tried=?19, last_good=?20, pin=?21, pin_state=?22, counter=?23, pending=?24,"
		" pending_state=?25, pending_counter=?26, ip=?27, ip_mac=?28, facts=?29,"
		" first_ms=?30, seen_ms=?31, vouched=?32",
	[DB_MACHINE_DROP] = "DELETE FROM machines WHERE id=?1",
	[DB_MACHINES] = "SELECT * FROM machines ORDER BY id",
	[DB_MAC_SAVE] =
		"INSERT INTO macs (mac, machine) VALUES (?1, ?2) ON CONFLICT (mac) DO UPDATE SET"
		" machine=?2",
	[DB_MAC_DROP] = "DELETE FROM macs WHERE mac=?1",
	[DB_MACS] = "SELECT mac, machine FROM macs ORDER BY machine, mac",
	[DB_BOOT_SAVE] =
		"INSERT INTO boots (id, machine, begin_ms, script_ms, end_ms, outcome, past,"
		" kind, image, reason, nonces, nonce_ms, ip, mac, enrolled, seq, phase,"
		" phase_state, phase_ms, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
		" ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) ON CONFLICT (id) DO UPDATE SET"
		" begin_ms=?3, script_ms=?4, end_ms=?5, outcome=?6, past=?7, kind=?8, image=?9,"
		" reason=?10, nonces=?11, nonce_ms=?12, ip=?13, mac=?14, enrolled=?15, seq=?16,"
		" phase=?17, phase_state=?18, phase_ms=?19, text=?20",
	[DB_BOOT_DROP] = "DELETE FROM boots WHERE id=?1",
	[DB_BOOTS_OPEN] =
		"SELECT b.* FROM machines m JOIN boots b ON b.id = (SELECT id FROM boots WHERE"
		" machine = m.id AND outcome <> 'false' ORDER BY id DESC LIMIT 1)",
	[DB_BOOTS_OF] =
		"SELECT * FROM boots WHERE machine=?1 ORDER BY outcome = 'false', id DESC LIMIT"
		" ?2",
	[DB_BOOTS_PRUNE] =
		"DELETE FROM boots WHERE machine=?1 AND id <= (SELECT id FROM boots WHERE"
		" machine=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	[DB_EVENT_ADD] =
		"INSERT INTO events (at_ms, machine, boot, phase, state, text, source) VALUES"
		" (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[DB_EVENTS_OF] =
		"SELECT e.id, e.at_ms, m.name, e.boot, e.phase, e.state, e.text, e.source FROM"
		" events e JOIN machines m ON m.id = e.machine WHERE e.boot=?1 ORDER BY e.id",
	[DB_EVENTS_SINCE] =
		"SELECT e.id, e.at_ms, m.name, e.boot, e.phase, e.state, e.text, e.source FROM"
		" events e JOIN machines m ON m.id = e.machine WHERE e.id > ?1 ORDER BY e.id LIMIT"
		" ?2",
	[DB_EVENT_LAST] = "SELECT coalesce(max(id), 0) FROM events",
	[DB_CLUSTER] =
		"SELECT made_ms, made_by, kubernetes, frozen, report, report_ms, report_by, rook,"
		" restoring, life FROM clusters WHERE id=?1",
	[DB_CLUSTER_SAVE] =
		"INSERT OR REPLACE INTO clusters (id, made_ms, made_by, kubernetes, frozen,"
		" report, report_ms, report_by, rook, restoring, life) VALUES (?1, ?2, ?3, ?4, ?5,"
		" ?6, ?7, ?8, ?9, ?10, ?11)",
	[DB_NODES] =
		"SELECT name, joined_ms, control_plane, kubernetes FROM nodes WHERE cluster=?1"
		" ORDER BY name",
	[DB_NODE_SAVE] =
		"INSERT OR REPLACE INTO nodes (cluster, name, joined_ms, control_plane,"
		" kubernetes) VALUES (?1, ?2, ?3, ?4, ?5)",
	[DB_LEARNT] = "SELECT machine, way, good, tried_ms, binary, locked FROM learnt",
	[DB_LEARNT_SAVE] =
		"INSERT OR REPLACE INTO learnt (machine, way, good, tried_ms, binary, locked)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[DB_ORDER_ADD] =
		"INSERT INTO orders (machine, kind, made_ms, serial, seconds, why) VALUES (?1, ?2,"
		" ?3, ?4, ?5, ?6)",
	[DB_ORDER_TIMED] = "UPDATE orders SET seconds=?2 WHERE id=?1",
	[DB_ORDER_TAKEN] = "UPDATE orders SET taken_ms=?2 WHERE id=?1 AND taken_ms IS NULL",
	[DB_ORDER_OVER] =
		"UPDATE orders SET done_ms=?2, outcome=?3, text=?4 WHERE id=?1 AND done_ms IS"
		" NULL",
	[DB_ORDERS_GIVEN] =
		"UPDATE orders SET given_ms=?2 WHERE machine=?1 AND given_ms IS NULL AND done_ms"
		" IS NULL",
	[DB_ORDERS_OPEN] =
		"SELECT id, kind, serial, seconds, given_ms, taken_ms FROM orders WHERE machine=?1"
		" AND done_ms IS NULL ORDER BY id",
	[DB_ORDERS_LAST] =
		"SELECT id, kind, serial, why, made_ms, given_ms, taken_ms, outcome, done_ms, text"
		" FROM orders WHERE machine=?1 ORDER BY id DESC LIMIT ?2",
	[DB_ORDERS_DONE] = "SELECT max(id) FROM orders WHERE kind=?1 AND outcome='done'",
	[DB_TRIAL_SAVE] =
		"INSERT OR REPLACE INTO trials (machine, image, spent_ms, over) VALUES (?1, ?2,"
		" ?3, ?4)",
	[DB_TRIALS] =
		"SELECT machine, image, spent_ms, over FROM trials",
	[DB_ORDERS_PRUNE] =
		"DELETE FROM orders WHERE machine=?1 AND id <= (SELECT id FROM orders WHERE"
		" machine=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
};

static int
fault(struct db *db, struct err *err, const char *what)
{
	return err_set(err, -EIO, "the database: cannot %s: %s", what, sqlite3_errmsg(db->sql));
}

static int
execute(struct db *db, const char *text, const char *what, struct err *err)
{
	if (sqlite3_exec(db->sql, text, NULL, NULL, NULL) != SQLITE_OK)
		return fault(db, err, what);
	return 0;
}

static int
user_version(struct db *db)
{
	sqlite3_stmt *row;
	int version = -1;

	if (sqlite3_prepare_v2(db->sql, "PRAGMA user_version", -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		version = sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	return version;
}

static int
migrate(struct db *db, struct err *err)
{
	int version = user_version(db), r = 0;

	if (version < 0)
		return fault(db, err, "read it");
	if (version > SCHEMA_STEPS)
		return err_set(err, -EINVAL,
			       "the database is of a later version of this program"
			       " (schema %d, known is %d): install that one",
			       version, SCHEMA_STEPS);
	for (; r == 0 && version < SCHEMA_STEPS; version++) {
		char number[64];

		sqlite3_snprintf(sizeof(number), number, "PRAGMA user_version=%d; COMMIT",
				 version + 1);
		r = execute(db, "BEGIN IMMEDIATE", "begin", err);
		if (r == 0)
			r = execute(db, schema[version], "bring its schema up to date", err);
		if (r == 0)
			r = execute(db, number, "keep its schema", err);
	}
	return r;
}

static int
prepare(struct db *db, struct err *err)
{
	for (int i = 0; i < DB_QUERIES; i++)
		if (sqlite3_prepare_v3(db->sql, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &db->queries[i], NULL) != SQLITE_OK)
			return fault(db, err, texts[i]);
	return 0;
}

int
db_open(struct db *db, const char *path, struct err *err)
{
	int r;

	*db = (struct db){ 0 };
	if (sqlite3_open(path, &db->sql) != SQLITE_OK) {
		r = err_set(err, -EIO, "the database %s: %s", path,
			    db->sql ? sqlite3_errmsg(db->sql) : "out of memory");
		goto fail;
	}
	sqlite3_busy_timeout(db->sql, 5000);
	r = execute(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
		    " PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
		    " PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON", "set it up", err);
	if (r == 0)
		r = migrate(db, err);
	if (r == 0)
		r = prepare(db, err);
	if (r == 0)
		return 0;
fail:
	db_close(db);
	return r;
}

unsigned char *
db_copy(struct db *db, size_t *ret_len)
{
	sqlite3_int64 len = 0;
	unsigned char *copy = sqlite3_serialize(db->sql, "main", &len, 0);

	*ret_len = (size_t)len;
	return copy;
}

void
db_close(struct db *db)
{
	for (int i = 0; i < DB_QUERIES; i++)
		sqlite3_finalize(db->queries[i]);
	sqlite3_close(db->sql);
	*db = (struct db){ 0 };
}

/* Texts are SQLITE_STATIC where they live until the statement has ended, else SQLITE_TRANSIENT. */
static void
bind(sqlite3_stmt *query, sqlite3_destructor_type kept, const char *kinds, va_list ap)
{
	for (int i = 1; kinds[i - 1]; i++) {
		if (kinds[i - 1] == 'i') {
			sqlite3_bind_int64(query, i, va_arg(ap, int64_t));
		} else {
			const char *text = va_arg(ap, const char *);

			if (text)
				sqlite3_bind_text(query, i, text, -1, kept);
			else
				sqlite3_bind_null(query, i);
		}
	}
}

/* Runs a statement that gives no rows, and makes it ready for the next time. */
static bool
finish(sqlite3_stmt *query)
{
	bool good = sqlite3_step(query) == SQLITE_DONE;

	sqlite3_reset(query);
	return good;
}

void
db_run(struct db *db, enum db_query query, const char *kinds, ...)
{
	va_list ap;

	if (!db->open) {
		if (!finish(db->queries[DB_BEGIN])) {
			db->fault = -EIO;
			return;
		}
		db->open = true;
	}
	va_start(ap, kinds);
	bind(db->queries[query], SQLITE_STATIC, kinds, ap);
	va_end(ap);
	if (!finish(db->queries[query]))
		db->fault = -EIO;
}

sqlite3_stmt *
db_ask(struct db *db, enum db_query query, const char *kinds, ...)
{
	va_list ap;

	va_start(ap, kinds);
	bind(db->queries[query], SQLITE_TRANSIENT, kinds, ap);
	va_end(ap);
	return db->queries[query];
}

bool
db_next(struct db *db, sqlite3_stmt *rows)
{
	int r = sqlite3_step(rows);

	if (r == SQLITE_ROW)
		return true;
	if (r != SQLITE_DONE)
		db->fault = -EIO;
	sqlite3_reset(rows);
	return false;
}

const char *
db_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

int64_t
db_num(sqlite3_stmt *row, int column)
{
	return sqlite3_column_int64(row, column);
}

int64_t
db_last(struct db *db)
{
	return sqlite3_last_insert_rowid(db->sql);
}

int
db_commit(struct db *db, struct err *err)
{
	int r = 0;

	if (db->fault)
		r = err_set(err, db->fault, "the database: a write failed: %s",
			    sqlite3_errmsg(db->sql));
	else if (db->open && !finish(db->queries[DB_COMMIT]))
		r = fault(db, err, "keep what happened (is the disk full?)");
	db->open = false;
	return r;
}
