#ifndef ENGINE_MACHINES_H
#define ENGINE_MACHINES_H

#include "engine/core.h"

/* The machines: found, taken in, remembered. */

/* Reads all of them with their last boot from the database. */
int machines_load(struct engine *e, struct err *err);

void machines_fini(struct engine *e);

/* After a new site file: which machine is whose. */
void machines_reconcile(struct engine *e);

/* The machine that claims this to be itself; an unknown one is recorded.  `claims` has a MAC. */
struct machine *machines_claim(struct engine *e, const struct plan_claims *claims);

/* By name, MAC or code, whichever fits; NULL when there is none. */
struct machine *machines_find(struct engine *e, const char *text);

/* Forgets one that the site's files do not name: key, boots and all. */
void machines_forget(struct engine *e, struct machine *m);

/* The machine changed: saved at the turn's end. */
void machines_touch(struct engine *e, struct machine *m);

/* Something of it (a boot) is to be saved at the turn's end. */
void machines_stale(struct engine *e, struct machine *m);

/* A person (or a rule) takes it in: name may be NULL.  -EEXIST, -EINVAL with the sentence. */
int machines_approve(struct engine *e, struct machine *m, const char *name, struct err *err);

void machines_key(struct engine *e, struct machine *m, const char *pin, const char *state,
		  int64_t counter);
void machines_pending(struct engine *e, struct machine *m, const char *pin, const char *state,
		      int64_t counter);
void machines_code(struct engine *e, struct machine *m);	/* gives it a code if it has none */

/* The machine has this address now. */
void machines_address(struct engine *e, struct machine *m, const char *ip, const char *mac);

/* What the DHCP server says; mac NULL: the lease is over. */
void machines_lease(struct engine *e, const char *ip, const char *mac);

bool machines_known(const struct machine *m);	/* in the site file, or approved by a person */
bool machines_approved(const struct engine *e, const struct machine *m);	/* or by a rule */

/* What the engine remembers, as plan_choose() wants it, and its choice. */
void machines_plan(const struct engine *e, const struct machine *m, struct plan *ret);

/* The same; a machine that never told its architecture is taken for one of this, x86 unless it is
 * ARM64. */
void machines_plan_as(const struct engine *e, const struct machine *m, enum site_arch arch,
		      struct plan *ret);

/* The operator's settings for the machine: machine over profile over site. */
void machines_settings(const struct engine *e, const struct machine *m, struct site_boot *ret);

#endif
