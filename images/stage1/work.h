#ifndef STAGE1_WORK_H
#define STAGE1_WORK_H

#include "images/stage1/stage1.h"

/* The steps from a bare kernel to a root that stands (or, without a root, to a network that is up),
 * in the worker process.  Each failure is told on the console and to the server; 0 when all is
 * done, -1 when the machine has to be rebooted (all waiting is done then). */
int work_run(struct stage1 *s);

#endif
