#ifndef KEEPER_IDLE_H
#define KEEPER_IDLE_H

#include <stdbool.h>

/* Waits, READY towards systemd, until SIGHUP comes and site.yaml is in the working directory: true;
 * false upon SIGTERM or SIGINT.  True at once if the file is there already. */
bool idle_until_site(void);

#endif
