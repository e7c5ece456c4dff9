/* Whether this machine has the memory for its root, and how it is shared out.  Pure. */
#include "images/stage1/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
memory_parse(uint64_t *ret, const char *meminfo, struct err *err)
{
	unsigned long long kib;

	for (const char *line = meminfo; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "MemTotal: %15llu kB", &kib) == 1) {
			*ret = (uint64_t)kib * 1024;
			return 0;
		}
		if (*line == '\0')
			break;
	}
	return err_set(err, -EINVAL, "/proc/meminfo has no line MemTotal");
}

int
memory_check(uint64_t total, uint64_t size, struct err *err)
{
	uint64_t most = UINT64_MAX - MEMORY_BESIDE - MEMORY_MIB;
	uint64_t needs = (size < most ? size : most) + MEMORY_BESIDE;

	if (total >= needs)
		return 0;
	return err_set(err, -ENOMEM, "memory %llu MiB, needs %llu MiB",
		       (unsigned long long)(total / MEMORY_MIB),
		       (unsigned long long)((needs + MEMORY_MIB - 1) / MEMORY_MIB));
}

uint64_t
memory_run_limit(uint64_t total, uint64_t size)
{
	return size + total / 5;	/* systemd gives /run a fifth of the memory */
}

uint64_t
memory_overlay_limit(uint64_t total, uint64_t size)
{
	return total > size ? (total - size) / 2 : 0;
}
