#ifndef ENGINE_TIMELINE_H
#define ENGINE_TIMELINE_H

#include "engine/core.h"

/* What a boot has to tell. */

struct note {
	enum phase phase;
	enum phase_state state;
	const char *text;	/* NULL: "" */
	const char *from;	/* engine, keeper, web, ipxe, stage1, agent */
	int64_t at_ms;		/* 0: now */
	const char *part;	/* with progress: kernel, initrd, root … or NULL */
	int64_t done, total;	/* bytes */
};

/* Takes one event into the boot: stored, shown, logged; `progress` is shown only. */
void timeline_note(struct engine *e, struct boot *b, const struct note *note);

/* Begins a new boot of the machine; the one before is over. */
struct boot *timeline_begin(struct engine *e, struct machine *m);

/* The boot that something before `script` belongs to: the present one unless it went past. */
struct boot *timeline_early(struct engine *e, struct machine *m);

/* The boot that a question of firmware (or iPXE) belongs to; NULL: a late word of one that went on
 * already. */
struct boot *timeline_firmware(struct engine *e, struct machine *m, bool ipxe);

/* The boot of the nonce in a message, NULL: there is none.  If a later boot has not come as far as
 * a script and this one goes on, it was a late word that began that other one. */
struct boot *timeline_of_nonce(struct engine *e, const json_t *body, bool goes_on);

/* A word of the boot before the present one shows that the present one never was: a late word or
 * somebody else began it.  `b` is the present one again. */
void timeline_revive(struct engine *e, struct boot *b);

/* Ends a boot with its outcome. */
void timeline_end(struct engine *e, struct boot *b, const char *outcome);

/* A fresh nonce for the boot; the BOOT_NONCES newest are good. */
const char *timeline_nonce(struct engine *e, struct boot *b);

/* The boot changed: saved at the turn's end. */
void timeline_save(struct engine *e, struct boot *b);

void timeline_free(struct engine *e, struct boot *b);

/* Marks boots that stand still. */
void timeline_sweep(struct engine *e);

/* new, waiting, booting, healthy, stalled, failed, away. */
const char *timeline_state(const struct machine *m);

/* Messages: lease, tftp, greet, report, transfer. */
void timeline_lease(struct engine *e, const json_t *body);
void timeline_tftp(struct engine *e, const json_t *body);
void timeline_greet(struct engine *e, const json_t *body);
void timeline_report(struct engine *e, const json_t *body);
void timeline_transfer(struct engine *e, const json_t *body);

#endif
