/* The image's further parts: see part.h. */
#include "cloud-init/agent/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cloud-init/agent/cache.h"
#include "cloud-init/agent/child.h"
#include "cloud-init/agent/mounts.h"
#include "cloud-init/agent/where.h"
#include "lib/fetch.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/str.h"

#define FOLDER_RAM WHERE_RUN "/parts"
#define RAM_BESIDE (512ULL << 20)	/* what a node needs beside them at the least */
#define MOUNT_MS 60000
#define MIB 1048576.0

int
part_parse(const json_t *list, struct part ret[PARTS_MOST], size_t *ret_count, struct err *err)
{
	static const char *const names[] = { "kube", "ceph" };
	size_t count = 0, i, known;
	json_t *o;

	json_array_foreach((json_t *)(uintptr_t)list, i, o) {
		const char *name = json_str(o, "part", ""), *sha256 = json_str(o, "sha256", "");
		int64_t size = json_num(o, "size", 0);

		for (known = 0; known < sizeof(names) / sizeof(*names); known++)
			if (str_eq(names[known], name))
				break;
		if (known == sizeof(names) / sizeof(*names) || count == PARTS_MOST)
			return err_set(err, -EBADMSG, "unknown part \"%.32s\"", name);
		if (!hex_is_sha256(sha256) || size <= 0)
			return err_set(err, -EBADMSG, "part %s has no digest or size", name);
		ret[count].size = (uint64_t)size;
		str_copy(ret[count].name, sizeof(ret->name), name);
		str_copy(ret[count++].sha256, sizeof(ret->sha256), sha256);
	}
	*ret_count = count;
	return 0;
}

/* True if the file there is the part, to the last byte. */
static bool
is_whole(const char *path, const struct part *part)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char sum[SHA256_TEXT];
	struct err ignored;
	bool good;

	if (fd < 0)
		return false;
	good = sha256_fd(sum, fd, NULL, &ignored) == 0 && str_eq(sum, part->sha256);
	close(fd);
	if (good)
		utimensat(AT_FDCWD, path, NULL, 0);
	return good;
}

/* Bytes of memory that can still be had. */
static uint64_t
memory_left(void)
{
	char *text = where_text("/proc/meminfo"), *at = text ? strstr(text, "MemAvailable:") : NULL;
	uint64_t kib = at ? strtoull(at + strlen("MemAvailable:"), NULL, 10) : 0;

	free(text);
	return kib << 10;
}

/* Memory of its own for parts, since /run may be smaller than they are. */
static int
ready_ram(const struct part *part, struct err *err)
{
	uint64_t left = memory_left();
	char path[WHERE_MAX];
	int r;

	if (left < part->size + RAM_BESIDE)
		return err_set(err, -ENOMEM, "memory free %.0f MiB, part %s needs %.0f MiB",
			       (double)left / MIB, part->name,
			       (double)(part->size + RAM_BESIDE) / MIB);
	r = file_mkdirs(AT_FDCWD, where(path, FOLDER_RAM), 0755, err);
	if (r == 0 && !mounts_is(FOLDER_RAM) &&
	    mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=75%") < 0)
		r = err_errno(err, -errno, "cannot mount memory at %s", path);
	return r;
}

static void
say_part(void *arg, const char *line)
{
	const struct part *part = arg;

	printf("%s: %s\n", part->name, line);
}

static void
alive(void *arg)
{
	(void)arg;
}

static void
wait_part(void *arg, int64_t ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	(void)arg;
	nanosleep(&pause, NULL);
}

/* Into a file beside `path`, renamed when it is whole and on the disk. */
static int
fetch(const struct part *part, const struct part_source *source, const char *path, struct err *err)
{
	char *url = str_format("%s/blob/%s?nonce=%s", source->url, part->sha256, source->nonce);
	char *fresh = str_format("%.*s/new-%s", (int)(strrchr(path, '/') - path), path,
				 part->sha256);
	const struct blob_target target = {
		.path = fresh, .sha256 = part->sha256, .size = part->size,
		.say = say_part, .alive = alive, .wait = wait_part,
		.arg = (void *)(uintptr_t)part,
	};
	int r, fd;

	printf("%s: %.1f MiB from %s\n", part->name, (double)part->size / MIB, source->url);
	r = fetch_blob(url, &target, err);
	if (r == 0) {
		fd = open(fresh, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fsync(fd) < 0 || rename(fresh, path) < 0)
			r = err_errno(err, -errno, "cannot keep %s", path);
		if (fd >= 0)
			close(fd);
	}
	free(fresh);
	free(url);
	return r;
}

/* The path of the whole file, there now, in `ret`. */
static int
have(const struct part *part, const struct part_source *source, char ret[WHERE_MAX],
     struct err *err)
{
	int r = 0;

	if (is_whole(where(ret, CACHE_FOLDER "/%s", part->sha256), part) ||
	    is_whole(where(ret, FOLDER_RAM "/%s", part->sha256), part))
		return 0;
	if (mounts_is(WHERE_STATE) && cache_room(part->sha256, part->size)) {
		where(ret, CACHE_FOLDER "/%s", part->sha256);
		unlink(ret);
	} else {
		r = ready_ram(part, err);
	}
	return r < 0 ? r : fetch(part, source, ret, err);
}

int
part_bring(const struct part *part, const struct part_source *source, struct err *err)
{
	char file[WHERE_MAX], place[WHERE_MAX], name[64];
	const char *argv[] = { "mount", "-t", "erofs", "-o", "ro,loop", file, place, NULL };
	int r;

	snprintf(name, sizeof(name), WHERE_RUN "/%s", part->name);
	if (mounts_is(name))
		return 0;
	where(place, "%s", name);
	r = have(part, source, file, err);
	if (r == 0)
		r = file_mkdirs(AT_FDCWD, place, 0755, err);
	return r < 0 ? r : child_must(argv, MOUNT_MS, err);
}
