#ifndef AGENT_UNIT_H
#define AGENT_UNIT_H

#include "lib/err.h"

/* systemd's units.  Where there is no systemd (recipe tiny, --root DIR) all is well at once. */

int unit_start(const char *unit, struct err *err);	/* until it says that it is ready */
int unit_begin(const char *unit, struct err *err);	/* the same without waiting for that */
int unit_restart(const char *unit, struct err *err);
int unit_stop(const char *unit, struct err *err);

#endif
