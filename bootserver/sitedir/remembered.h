#ifndef SITEDIR_REMEMBERED_H
#define SITEDIR_REMEMBERED_H

#include <sqlite3.h>

#include "lib/err.h"

/* What the engine remembers, for those who look into its database and write nothing there. */

/* Opens state/bootserver.db of the site directory, for the caller to sqlite3_close(); NULL: no
 * engine has run here yet. */
int remembered_open(int dirfd, sqlite3 **ret, struct err *err);

/* 1: there are machines that have enrolled here; clusters that were made under CAs of this site.
 * 0: there are none, else negative. */
int remembered_machines(int dirfd, struct err *err);
int remembered_clusters(int dirfd, struct err *err);

#endif
