/* Partitions the system disk: see make.h. */
#include "cloud-init/agent/make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/claim.h"
#include "cloud-init/agent/probe.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/str.h"

#define REPART_D WHERE_RUN "/repart.d"
#define DRY_MS 60000
#define REAL_MS 600000
#define NODE_MS 15000

static int
write_definitions(const struct repart_wish *wish, struct err *err)
{
	struct repart_file files[REPART_FILES];
	size_t n = repart_render(wish, files);
	char path[WHERE_MAX];
	int r;

	if (n == 0)
		return err_set(err, -ENOSPC, "a disk of %llu MiB is too small",
			       (unsigned long long)(wish->disk >> 20));
	r = file_mkdirs(AT_FDCWD, where(path, REPART_D), 0755, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		where(path, REPART_D "/%s", files[i].name);
		r = file_write((struct file_new){ AT_FDCWD, path, 0644 }, files[i].text,
			       strlen(files[i].text), err);
	}
	return r;
}

/* `force` only on a disk that carries our mark; a blank one must not have a table (`require`). */
static int
repart(const struct disk *disk, bool dry, bool force, struct err *err)
{
	char device[WHERE_MAX], definitions[WHERE_MAX], folder[WHERE_MAX];
	const char *argv[] = {
		"systemd-repart", dry ? "--dry-run=yes" : "--dry-run=no",
		force ? "--empty=force" : "--empty=require", definitions, "--discard=no",
		"--seed=random", "--pretty=no", "--no-pager", where(device, "/dev/%s", disk->name),
		NULL,
	};

	snprintf(definitions, sizeof(definitions), "--definitions=%.490s",
		 where(folder, REPART_D));
	return child_must(argv, dry ? DRY_MS : REAL_MS, err);
}

static int
mark(const struct disk *disk, bool set, struct err *err)
{
	char path[WHERE_MAX];
	int fd = open(where(path, "/dev/%s", disk->name), O_RDWR | O_CLOEXEC), r;

	if (fd < 0)
		return err_errno(err, -errno, "cannot open /dev/%s for writing", disk->name);
	if (set)
		r = claim_set(fd);
	else
		r = claim_is(fd) ? claim_clear(fd) : 0;
	close(fd);
	return r < 0 ? err_errno(err, r, "cannot write to /dev/%s", disk->name) : 0;
}

/* The kernel makes the partition's node itself; this only waits for it. */
static int
wait_node(const char *name, struct err *err)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };
	int64_t deadline = clock_mono_ms() + NODE_MS;
	char path[WHERE_MAX];
	struct stat st;

	while (stat(where(path, "/dev/%s", name), &st) < 0 || !S_ISBLK(st.st_mode)) {
		if (clock_mono_ms() > deadline)
			return err_set(err, -ETIMEDOUT, "the kernel does not show partition %s",
				       name);
		nanosleep(&pause, NULL);
	}
	return 0;
}

int
make_disk(struct disk *disk, const struct repart_wish *wish, struct err *err)
{
	struct disk made = { 0 };
	char path[WHERE_MAX];
	int r;

	r = write_definitions(wish, err);
	if (r == 0)
		r = repart(disk, true, disk->claimed, err);
	if (r == 0)
		r = mark(disk, true, err);
	if (r == 0)
		r = repart(disk, false, disk->claimed, err);
	if (r < 0)
		return err_wrap(err, r, "disk %s", disk->name);
	str_copy(made.name, sizeof(made.name), disk->name);
	probe_bytes(where(path, "/dev/%s", disk->name), &made);
	if (!made.state_part[0] || !str_eq(made.state_type, "ext4"))
		return err_set(err, -EIO, "disk %s: systemd-repart made no state partition",
			       disk->name);
	r = wait_node(made.state_part, err);
	if (r == 0)
		r = mark(disk, false, err);
	if (r < 0)
		return r;
	str_copy(disk->state_part, sizeof(disk->state_part), made.state_part);
	memcpy(disk->signs, made.signs, sizeof(disk->signs));
	disk->nsigns = made.nsigns;
	return 0;
}

void
make_finish(const struct disk *disk)
{
	struct err ignored;

	if (disk->claimed)
		mark(disk, false, &ignored);
}
