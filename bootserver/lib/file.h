#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

/* The door to files.  Paths may be relative; `dirfd` may be AT_FDCWD. */

#define FILE_MOST (64 * 1024 * 1024)	/* bytes file_read() takes */

/* Opens a regular file to be read; `flags` are further ones of open(2).  A descriptor that the
 * caller closes; -EISDIR for a folder, -EINVAL for a FIFO, socket or device: no bytes might ever
 * come from it, or no end. */
int file_open(int dirfd, const char *path, int flags, struct err *err);

/* Reads all of a regular file (at most FILE_MOST bytes, else -EFBIG) into fresh memory, NUL behind
 * it; *ret_len in bytes without the NUL, may be NULL.  The caller frees. */
int file_read(int dirfd, const char *path, char **ret, size_t *ret_len, struct err *err);

/* The same from where a descriptor stands, at most `max` bytes. */
int file_read_fd(int fd, size_t max, char **ret, size_t *ret_len, struct err *err);

struct file_new {
	int dirfd;
	const char *path;
	mode_t mode;
};

/* Writes a temporary file beside the path, fsyncs, renames over it, fsyncs the folder. */
int file_write(struct file_new to, const void *data, size_t len, struct err *err);

/* The same bytes and mode already there: nothing is written, 0; written: 1; else negative. */
int file_update(struct file_new to, const void *data, size_t len, struct err *err);

/* mkdir -p; the mode is for folders it makes. */
int file_mkdirs(int dirfd, const char *path, mode_t mode, struct err *err);

/* Removes all that is in a folder: not the folder, nothing of another file system mounted in it.
 * No folder there: 0. */
int file_empty(const char *path, struct err *err);

/* Writes all of it or fails. */
int file_write_all(int fd, const void *data, size_t len);

#endif
