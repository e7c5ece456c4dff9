#ifndef STAGE1_LIFE_H
#define STAGE1_LIFE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "images/stage1/stage1.h"

/* Processes as PID 1 keeps them.  PID 1 itself only waits: a fault or a hang in a library or a
 * driver ends or blocks a child, and PID 1 stays able to say so and to reboot. */

/* Memory shared with children. */
struct stage1 *life_new(void);

/* Blocks the signals PID 1 waits for; SIGCHLD among them. */
void life_init(void);

/* Undoes life_init() for the init that follows. */
void life_release(void);

/* Forks with all signals as they were; `run`'s result is the child's exit status. */
pid_t life_start(int (*run)(struct stage1 *s), struct stage1 *s);

enum life_event { LIFE_ENDED, LIFE_TIMEOUT, LIFE_REBOOT, LIFE_POWEROFF };

/* Waits until `pid` ended (others are reaped meanwhile), `wait_ms` went by (-1: no limit), or a
 * signal asks for a reboot (SIGTERM, SIGINT from Ctrl-Alt-Del) or the end (SIGUSR1, SIGUSR2). */
enum life_event life_wait(pid_t pid, int64_t wait_ms, int *ret_status);

/* «ended with status N», «was killed by signal N (name)». */
void life_status_text(int status, char *ret, size_t size);

/* Says so on the console and reboots (or powers off); does not return.  It does not sync: a disk
 * that hangs would hold it, and stage 1 writes to none. */
void life_end(enum life_event how, const char *why) __attribute__((noreturn));

#endif
