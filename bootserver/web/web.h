#ifndef WEB_WEB_H
#define WEB_WEB_H

/*
 * The process that meets hostile bytes.  Started by the keeper as root, with the keeper's channel
 * as descriptor 3, the engine's as 4, and the user to become in the environment: BOOTSERVER_UID
 * and BOOTSERVER_GID (numbers).  Waits for `start`, gives up all it can, serves until either
 * channel is at its end.  Returns the process's exit status.
 */
int web_main(void);

#endif
