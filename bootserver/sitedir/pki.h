#ifndef SITEDIR_PKI_H
#define SITEDIR_PKI_H

#include <sys/types.h>

#include "lib/err.h"
#include "site/site.h"

/*
 * The keys and certificates of a site directory (docs/INTERFACES.md): makes what is missing in
 * pki/, and renews the server's and the engine's certificate when they run out within 30 days, are
 * not the CA's, or (the server's) do not hold the server's address and the name boot.<domain>.  A
 * key that is there is never replaced, nor a CA: the site's, and the cluster's in pki/kubernetes/.
 * What is missing though machines have enrolled by it, or a cluster was made, is -ENOENT.
 * The engine's files are given to user `uid`, group `gid` ((uid_t)-1: owners stay).  1: something
 * was made or renewed, 0: all was there, else negative.
 */
int sitedir_pki_ensure(int dirfd, const struct site *site, uid_t uid, gid_t gid, struct err *err);

/* The folders of a site directory: machines.d, pki, pki/signers, pki/kubernetes and state (given to
 * `uid`), store/sha256, store/images, run.  Makes those that are missing: 1 if any, 0, else
 * negative. */
int sitedir_folders_ensure(int dirfd, uid_t uid, gid_t gid, struct err *err);

#endif
