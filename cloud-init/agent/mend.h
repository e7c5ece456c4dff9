#ifndef AGENT_MEND_H
#define AGENT_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud-init/agent/input.h"

/*
 * A clock good enough to check a certificate with.  A machine whose clock battery is dead wakes
 * in the past, where the site CA is not yet valid; then the boot server's word (the `Date` of
 * an answer over plain HTTP) is taken for the time.
 *
 * Threat model: that word is a claim that anyone on the wire can forge.  What a forger wins is
 * a clock of his choosing within the CA's validity; he still needs a key that the site CA has
 * signed, and the engine's own key to say anything.  A clock that is right is never touched.
 */

/* Seconds since 1970 of a header line "Date: …" (RFC 9110, 5.6.7), or -1.  Pure. */
int64_t mend_date(const char *line, size_t len);

/* True if `now_s` lies outside the validity of the CA in site.json. */
bool mend_needed(const struct input *input, int64_t now_s);

/* Sets the clock if it must be (`doubt`: a certificate was refused, so an hour's difference is
 * enough).  *ret_delta_ms: by how much it was moved, 0 if not. */
int mend_clock(const struct input *input, bool doubt, int64_t *ret_delta_ms, struct err *err);

#endif
