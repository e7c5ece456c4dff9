/* The doors by which time enters: see clock.h. */
#include "lib/clock.h"

#include <time.h>

int64_t clock_fake_ms = -1;

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_fake_ms >= 0)
		return clock_fake_ms;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_now_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}
