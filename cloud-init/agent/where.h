#ifndef AGENT_WHERE_H
#define AGENT_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

/*
 * Where things lie.  Every path goes through a root prefix ("" on a machine, a fixture or a scratch
 * folder in tests), given once at the start of the program.
 */
#define WHERE_MAX 512
#define WHERE_RUN "/run/bootserver"
#define WHERE_STATE "/var/lib/bootserver-state"
#define WHERE_KEY_DISK WHERE_STATE "/key"
#define WHERE_KEY_RAM WHERE_RUN "/key"

void where_root_set(const char *root);	/* static storage; "" at first */

/* root + the formatted path, in `ret`; returns ret. */
const char *where(char ret[WHERE_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text of a small file (at most 64 KiB) without white space at its end, or NULL: the caller
 * frees. */
char *where_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes a file of that text (file_write()). */
int where_write(const char *path, mode_t mode, const char *text, struct err *err);

bool where_is(const char *path);	/* is there such a file or folder below the root? */
bool where_trial(void);			/* is there a root prefix? */
bool where_systemd(void);		/* else stage 1 is PID 1 (recipe tiny) */

#endif
