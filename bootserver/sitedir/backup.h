#ifndef SITEDIR_BACKUP_H
#define SITEDIR_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/crate.h"
#include "lib/err.h"

/*
 * A site directory as one tar (pax) in a crate: backup.json, pki/, machines.d/, the site's own
 * manifests, state/bootserver.db, run/leases, store/ and, as the last one, site.yaml.
 */

/* Told now and then while bytes move; may be NULL. */
struct backup_watch {
	void (*moved)(void *arg, const char *path, uint64_t done);	/* bytes of all files */
	void *arg;
};

struct backup_what {
	int dirfd;
	const void *database;	/* a copy of it made at one moment; NULL: there is none */
	size_t database_len;
	bool images;		/* store/ too */
	int64_t now_ms;
	const struct backup_watch *watch;
};

/* Writes all of it and ends the crate.  The store is not changed meanwhile.  -EINVAL if the site's
 * files have faults: which manifests it has cannot be told then. */
int backup_write(const struct backup_what *what, struct crate *crate, struct err *err);

/*
 * Puts it into the empty site directory `dirfd`, site.yaml at the very end: before that there is no
 * site.  -EEXIST if something is there that an interrupted restore did not leave.
 */
int backup_restore(int dirfd, struct crate *crate, const struct backup_watch *watch,
		   struct err *err);

/* Is there what an interrupted restore has left, and no site? */
bool backup_is_interrupted(int dirfd);

#endif
