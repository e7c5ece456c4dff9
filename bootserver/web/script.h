#ifndef WEB_SCRIPT_H
#define WEB_SCRIPT_H

#include "web/state.h"

/* Answers with the script `name` below a head of `vars` (an object of strings, borrowed; NULL:
 * none; `url` and `https` are put in where they are missing).  What cannot be rendered becomes the
 * failure script. */
void script_give(struct request *req, const char *name, const json_t *vars);

/* Answers with the failure script: a screen with the reason, then a retry.  Status 200, as a client
 * that reads scripts can show nothing else. */
void script_fail(struct request *req, const char *reason);

#endif
