#ifndef STAGE1_CLAIM_H
#define STAGE1_CLAIM_H

#include <stdbool.h>

#include "images/stage1/cmdline.h"

/* Tells the server how far this boot is (POST /v1/report): a claim, shown as such in the timeline.
 * Best effort: 2 s at most, and a server that did not answer is not asked again for 30 s.  True if
 * it took the claim. */
bool claim_send(const struct cmdline *args, const char *phase, const char *state, const char *text);

#endif
