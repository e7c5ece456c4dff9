/* The texts of files in one piece of memory: see texts.h. */
#include "keeper/texts.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "lib/json.h"

#define COPY_MOST (1 << 20)	/* bytes asked for at once */

int
texts_init(struct texts *texts, struct err *err)
{
	int fd = memfd_create("texts", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(err, -errno, "cannot get memory for the site's files");
	*texts = (struct texts){ json_array(), fd };
	return 0;
}

int
texts_add(struct texts *texts, const char *name, int fd, struct err *err)
{
	int64_t size = 0;
	json_t *file;
	ssize_t n;

	while ((n = sendfile(texts->memory, fd, NULL, COPY_MOST)) > 0)
		size += n;
	if (n < 0)
		return err_errno(err, -errno, "cannot read %s", name);
	file = json_object();
	json_put(file, "name", name);
	json_put_num(file, "size", size);
	json_array_append_new(texts->files, file);
	return 0;
}

void
texts_fini(struct texts *texts)
{
	json_decref(texts->files);
	close(texts->memory);
}
