#ifndef PROBE_ARCH_CC_H
#define PROBE_ARCH_CC_H

/* What lwIP wants to know of the place it runs in: a process of one thread. */

#include <stdio.h>
#include <stdlib.h>

unsigned int card_chance(void);	/* card.c */

#define LWIP_RAND() card_chance()
#define LWIP_PLATFORM_DIAG(x) do { printf x; } while (0)
#define LWIP_PLATFORM_ASSERT(x) do { fprintf(stderr, "lwip: %s\n", x); abort(); } while (0)

#endif
