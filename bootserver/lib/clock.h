#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

/* The two doors by which time enters; a test sets clock_fake_ms (both clocks then show it). */
extern int64_t clock_fake_ms;	/* -1: the real clocks */

int64_t clock_now_ms(void);	/* since 1970, CLOCK_REALTIME */
int64_t clock_mono_ms(void);	/* since some start, CLOCK_MONOTONIC */

#endif
