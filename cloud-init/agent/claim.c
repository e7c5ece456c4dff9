/* A mark on a blank disk: see claim.h. */
#include "cloud-init/agent/claim.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char mark[] = "bootserver: this disk is being partitioned (mark 1)\n";

bool
claim_is(int fd)
{
	char seen[sizeof(mark)];

	return pread(fd, seen, sizeof(seen), CLAIM_AT) == (ssize_t)sizeof(seen) &&
	       memcmp(seen, mark, sizeof(seen)) == 0;
}

static int
put(int fd, const char *text, size_t len)
{
	char block[CLAIM_LEN] = { 0 };

	memcpy(block, text, len);
	if (pwrite(fd, block, sizeof(block), CLAIM_AT) != (ssize_t)sizeof(block))
		return errno ? -errno : -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

int
claim_set(int fd)
{
	return put(fd, mark, sizeof(mark));
}

int
claim_clear(int fd)
{
	return put(fd, "", 0);
}
