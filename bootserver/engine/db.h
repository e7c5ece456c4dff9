#ifndef ENGINE_DB_H
#define ENGINE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "lib/err.h"

/* The statements the engine knows, prepared when the file is opened. */
enum db_query {
	DB_BEGIN, DB_COMMIT,
	DB_MACHINE_SAVE, DB_MACHINE_DROP, DB_MACHINES, DB_MAC_SAVE, DB_MAC_DROP, DB_MACS,
	DB_BOOT_SAVE, DB_BOOT_DROP, DB_BOOTS_OPEN, DB_BOOTS_OF, DB_BOOTS_PRUNE,
	DB_EVENT_ADD, DB_EVENTS_OF, DB_EVENTS_SINCE, DB_EVENT_LAST,
	DB_CLUSTER, DB_CLUSTER_SAVE, DB_NODES, DB_NODE_SAVE, DB_LEARNT, DB_LEARNT_SAVE,
	DB_ORDER_ADD, DB_ORDER_TIMED, DB_ORDER_TAKEN, DB_ORDER_OVER, DB_ORDERS_GIVEN,
	DB_ORDERS_OPEN, DB_ORDERS_LAST, DB_ORDERS_DONE, DB_ORDERS_PRUNE, DB_TRIAL_SAVE, DB_TRIALS,
	DB_QUERIES
};

struct db {
	sqlite3 *sql;
	sqlite3_stmt *queries[DB_QUERIES];
	bool open;	/* a transaction is */
	int fault;	/* the first failed write, negative; the engine leaves then */
};

/* Opens or makes the file (":memory:" for tests) and brings its schema up to date. */
int db_open(struct db *db, const char *path, struct err *err);
void db_close(struct db *db);

/* Runs a writing statement inside the turn's transaction, which it opens if need be.  `kinds` has a
 * letter for each parameter: i int64_t, s const char * (NULL: null).  A failure is kept in
 * `fault`. */
void db_run(struct db *db, enum db_query query, const char *kinds, ...);

/* A reading statement with its parameters, to be stepped by db_next() to its end. */
sqlite3_stmt *db_ask(struct db *db, enum db_query query, const char *kinds, ...);

/* True while there is a row; resets the statement at the end. */
bool db_next(struct db *db, sqlite3_stmt *rows);

const char *db_text(sqlite3_stmt *row, int column);	/* "" for null */
int64_t db_num(sqlite3_stmt *row, int column);
int64_t db_last(struct db *db);	/* rowid of the last insert */

/* All of it as one file would be, in sqlite3_malloc()ed memory; NULL: out of memory. */
unsigned char *db_copy(struct db *db, size_t *ret_len);

/* Ends the turn's transaction: 0, or negative with the sentence when it could not be kept. */
int db_commit(struct db *db, struct err *err);

#endif
