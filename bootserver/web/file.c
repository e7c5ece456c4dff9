/* Answering with a file: see file.h. */
#include "web/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/range.h"
#include "web/request.h"

int
file_open_in(int folder, const char *name, struct file_answer *ret)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -ENOENT;
	}
	ret->fd = fd;
	ret->size = (uint64_t)st.st_size;
	ret->changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return 0;
}

void
file_etag(char ret[FILE_ETAG], const struct file_answer *file)
{
	snprintf(ret, FILE_ETAG, "\"%" PRIx64 "-%" PRIx64 "\"", file->size,
		 (uint64_t)file->changed_ns);
}

static void
add_headers(struct MHD_Response *response, const struct file_answer *file)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, file->etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, file->cache);
	MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, file->type);
}

/* An answer without the file's bytes. */
static void
give_empty(struct request *req, unsigned status, const struct file_answer *file,
	   const char *content_range)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, (void *)(uintptr_t)"", MHD_RESPMEM_PERSISTENT);

	close(file->fd);
	if (!response)
		return;
	add_headers(response, file);
	if (content_range)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, content_range);
	request_give(req, status, response);
}

static void
give_bytes(struct request *req, unsigned status, const struct file_answer *file,
	   const char *content_range)
{
	struct MHD_Response *response =
		MHD_create_response_from_fd_at_offset64(file->len, file->fd, file->first);

	if (!response) {
		close(file->fd);
		return;
	}
	add_headers(response, file);
	if (content_range)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, content_range);
	request_give(req, status, response);
}

bool
file_give(struct request *req, struct file_answer *file)
{
	enum range_kind kind = RANGE_WHOLE;
	char text[96];

	file->first = 0;
	file->len = file->size;
	if (!range_if_match(request_header(req, MHD_HTTP_HEADER_IF_MATCH), file->etag)) {
		give_empty(req, MHD_HTTP_PRECONDITION_FAILED, file, NULL);
		return false;
	}
	/* No bytes go out with a 304, but its Content-Length is the 200's (RFC 9110, 8.6). */
	if (range_etag_listed(request_header(req, MHD_HTTP_HEADER_IF_NONE_MATCH), file->etag)) {
		give_bytes(req, MHD_HTTP_NOT_MODIFIED, file, NULL);
		return false;
	}
	/* Range is defined for GET alone (RFC 9110, 14.2). */
	if (!req->head &&
	    range_if_holds(request_header(req, MHD_HTTP_HEADER_IF_RANGE), file->etag))
		kind = range_parse(request_header(req, MHD_HTTP_HEADER_RANGE), file->size,
				   &file->first, &file->len);
	if (kind == RANGE_NONE) {
		snprintf(text, sizeof(text), "bytes */%" PRIu64, file->size);
		give_empty(req, MHD_HTTP_RANGE_NOT_SATISFIABLE, file, text);
		return false;
	}
	snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, file->first,
		 file->first + file->len - 1, file->size);
	if (kind == RANGE_PART)
		give_bytes(req, MHD_HTTP_PARTIAL_CONTENT, file, text);
	else
		give_bytes(req, MHD_HTTP_OK, file, NULL);
	return !req->head && req->response && file->len > 0;
}
