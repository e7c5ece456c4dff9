/*
 * The engine's database as others read it: `image rm` and `init` while no server runs, the keeper
 * before it starts one.  Its tables are the engine's (engine/db.c), of whatever version.
 */
#include "sitedir/remembered.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/str.h"

#define DATABASE "state/bootserver.db"

static int
fault(sqlite3 *sql, struct err *err)
{
	return err_set(err, -EIO, "cannot look into %s: %s", DATABASE,
		       sql ? sqlite3_errmsg(sql) : "no memory");
}

int
remembered_open(int dirfd, sqlite3 **ret, struct err *err)
{
	char *path = dirfd == AT_FDCWD ? str_dup(DATABASE) :
		     str_format("/proc/self/fd/%d/%s", dirfd, DATABASE);
	sqlite3 *sql = NULL;
	int r = 0;

	/* not READONLY: the log of a server that was killed is to be read too */
	if (access(path, F_OK) == 0 &&
	    sqlite3_open_v2(path, &sql, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		r = fault(sql, err);
		sqlite3_close(sql);
	} else {
		*ret = sql;
	}
	free(path);
	return r;
}

/* The number that the query gives, 0 or more. */
static int
ask(sqlite3 *sql, const char *query, struct err *err)
{
	sqlite3_stmt *row = NULL;
	int r;

	if (sqlite3_prepare_v2(sql, query, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		r = sqlite3_column_int(row, 0);
	else
		r = fault(sql, err);
	sqlite3_finalize(row);
	return r;
}

/* Are there such rows?  No, where a database of an older version has not even the table. */
static int
are_there(int dirfd, const char *table_query, const char *query, struct err *err)
{
	sqlite3 *sql = NULL;
	int r = remembered_open(dirfd, &sql, err);

	if (r == 0 && sql)
		r = ask(sql, table_query, err);
	if (r > 0)
		r = ask(sql, query, err);
	sqlite3_close(sql);
	return r;
}

int
remembered_machines(int dirfd, struct err *err)
{
	return are_there(dirfd, "SELECT count(*) FROM sqlite_master WHERE name = 'machines'",
			 "SELECT EXISTS (SELECT 1 FROM machines WHERE pin <> '')", err);
}

int
remembered_clusters(int dirfd, struct err *err)
{
	return are_there(dirfd, "SELECT count(*) FROM sqlite_master WHERE name = 'clusters'",
			 "SELECT EXISTS (SELECT 1 FROM clusters WHERE made_ms > 0)", err);
}
