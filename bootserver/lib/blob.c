/* A blob that is being written, hashed as its bytes pass by. */
#include "lib/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"

int
blob_open(struct blob *ret, const struct blob_target *target, struct err *err)
{
	int fd = open(target->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);

	if (fd < 0)
		return err_errno(err, -errno, "cannot make %s", target->path);
	*ret = (struct blob){ .target = target, .fd = fd, .sum = sha256_new() };
	blob_resume(ret);
	return 0;
}

void
blob_resume(struct blob *blob)
{
	bar_init(&blob->bar, blob->target->size, blob->got, clock_mono_ms());
}

int
blob_anew(struct blob *blob, struct err *err)
{
	if (ftruncate(blob->fd, 0) < 0 || lseek(blob->fd, 0, SEEK_SET) < 0)
		return err_errno(err, -errno, "cannot empty %s", blob->target->path);
	if (blob->sum != NULL)
		sha256_end(blob->sum, NULL);
	blob->sum = sha256_new();
	blob->got = 0;
	blob_resume(blob);
	return 0;
}

int
blob_add(struct blob *blob, const void *data, size_t len, struct err *err)
{
	const struct blob_target *target = blob->target;
	char line[BAR_LINE];

	if (target->size > 0 && len > target->size - blob->got)
		return err_set(err, -EMSGSIZE, "more came than %llu bytes",
			       (unsigned long long)target->size);
	int code = file_write_all(blob->fd, data, len);
	if (code < 0)
		return err_errno(err, code, "cannot write %s", target->path);
	sha256_add(blob->sum, data, len);
	blob->got += len;
	target->alive(target->arg);
	if (bar_step(&blob->bar, blob->got, clock_mono_ms(), line))
		target->say(target->arg, line);
	return 0;
}

int
blob_check(struct blob *blob, struct err *err)
{
	const struct blob_target *target = blob->target;
	char sum[SHA256_TEXT];

	sha256_end(blob->sum, sum);
	blob->sum = NULL;
	if (strcmp(sum, target->sha256) == 0)
		return 0;
	return err_set(err, -EBADMSG, "%llu bytes came with digest %.12s…, not %.12s…",
		       (unsigned long long)blob->got, sum, target->sha256);
}

void
blob_close(struct blob *blob, bool keep)
{
	if (blob->sum != NULL)
		sha256_end(blob->sum, NULL);
	blob->sum = NULL;
	close(blob->fd);
	blob->fd = -1;
	if (!keep)
		unlink(blob->target->path);
}
