#ifndef AGENT_CLAIM_H
#define AGENT_CLAIM_H

#include <stdbool.h>

/*
 * A mark on a blank disk, written before systemd-repart begins and taken away when it has ended: a
 * machine that loses its power between the two finds the mark at the next boot and begins again,
 * instead of meeting a half-made disk that it must not touch.  It lies at byte 64 KiB: behind any
 * partition table, before the first partition (1 MiB).
 */
#define CLAIM_AT 65536
#define CLAIM_LEN 4096

bool claim_is(int fd);
int claim_set(int fd);		/* on the disk when it returns 0 */
int claim_clear(int fd);

#endif
