/* The door by which chance enters: see chance.h. */
#include "lib/chance.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "lib/hex.h"

static uint64_t seeded;

void
chance_seed(uint64_t seed)
{
	seeded = seed;
}

/* splitmix64 (Steele, Lea, Flood 2014): repeatable, for tests only. */
static uint8_t
next_byte(void)
{
	uint64_t z = (seeded += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint8_t)((z ^ (z >> 31)) >> 56);
}

void
chance_bytes(void *buf, size_t len)
{
	uint8_t *at = buf;
	ssize_t got;

	for (size_t i = 0; seeded && i < len; i++)
		at[i] = next_byte();
	while (!seeded && len > 0) {
		got = getrandom(at, len, 0);
		if (got < 0 && errno != EINTR)
			abort();	/* a kernel without chance: no key would be safe */
		if (got > 0) {
			at += got;
			len -= (size_t)got;
		}
	}
}

void
chance_hex(char *ret, size_t bytes)
{
	uint8_t raw[64];

	while (bytes > 0) {
		size_t now = bytes < sizeof(raw) ? bytes : sizeof(raw);

		chance_bytes(raw, now);
		hex_format(ret, raw, now);
		ret += 2 * now;
		bytes -= now;
	}
}

void
chance_code(char ret[10])
{
	static const char signs[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	uint8_t raw[8];

	chance_bytes(raw, sizeof(raw));
	for (size_t i = 0, at = 0; i < sizeof(raw); i++) {
		if (i == 4)
			ret[at++] = '-';
		ret[at++] = signs[raw[i] % 32];
	}
	ret[9] = '\0';
}
