#ifndef STAGE1_HANDOVER_H
#define STAGE1_HANDOVER_H

#include <jansson.h>

#include "images/stage1/stage1.h"
#include "lib/err.h"

/* The files the system started by stage 1 finds in /run/bootserver: boot.json, site.json,
 * resolv.conf (docs/INTERFACES.md «Files of stage 1»). */

/* The text of boot.json, in fresh memory. */
char *handover_boot_json(const struct stage1 *s);

/* systemd-timesyncd's servers, those of site.json (may be NULL); fresh memory. */
char *handover_timesyncd(const json_t *site);

/* Writes them, and what the site gives the root below /run (files.h).  Only a boot.json that cannot
 * be written is a failure; a missing or broken /site.json, or one of those files, is put into
 * *ret_site as a sentence (empty if all is well). */
int handover_write(const struct stage1 *s, struct err *ret_site, struct err *err);

/* The rest of what the site gives the root, which is mounted by now. */
int handover_root(struct err *err);

#endif
