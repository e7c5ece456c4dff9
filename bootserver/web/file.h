#ifndef WEB_FILE_H
#define WEB_FILE_H

#include <stdint.h>

#include "web/state.h"

/* Answering with a file: Range, If-Range, If-None-Match, HEAD (RFC 9110), body by sendfile(2). */

#define FILE_ETAG 48

struct file_answer {
	int fd;			/* a regular file; taken over */
	uint64_t size;
	int64_t changed_ns;	/* modification time */
	const char *etag;	/* strong, with its quotes */
	const char *type;
	const char *cache;	/* Cache-Control */
	uint64_t first, len;	/* set by file_give(): what is sent of it */
};

/* Opens a regular file by its name in a folder; the descriptor, or -ENOENT (also for what is no
 * regular file, or may not be read). */
int file_open_in(int folder, const char *name, struct file_answer *ret);

/* A tag for a file that may change: of size and modification time. */
void file_etag(char ret[FILE_ETAG], const struct file_answer *file);

/* Gives the answer: 200, 206, 304 or 416.  Returns true if bytes of the file will be sent. */
bool file_give(struct request *req, struct file_answer *file);

#endif
