#ifndef STAGE1_TINY_H
#define STAGE1_TINY_H

#include "images/stage1/stage1.h"

/* bootserver.root=none: the initrd is the system and stage 1 stays its PID 1.  Keeps the agent
 * running until a signal asks for a reboot or the end; does not return. */
void tiny_run(struct stage1 *s) __attribute__((noreturn));

#endif
