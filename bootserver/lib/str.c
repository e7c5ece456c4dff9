/* Small helpers for text: see str.h. */
#include "lib/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *memory)
{
	if (!memory) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

char *
str_dup(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

char *
str_format(const char *fmt, ...)
{
	va_list ap;
	char *ret;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&ret, fmt, ap);
	va_end(ap);
	return must(len < 0 ? NULL : ret);
}

void *
mem_new(size_t len)
{
	return must(calloc(1, len ? len : 1));
}

void *
mem_grow(void *old, size_t count, size_t size)
{
	return must(reallocarray(old, count ? count : 1, size));
}

bool
str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

void
str_set(char **at, const char *text)
{
	char *copy = str_dup(text ? text : "");

	free(*at);
	*at = copy;
}

int
str_copy(char *ret, size_t size, const char *text)
{
	size_t len = strlen(text);
	bool cut = len >= size;

	if (cut)
		len = size - 1;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return cut ? -ENOSPC : 0;
}

/* The length of the label at `text`, 0 if there is none. */
static size_t
label_len(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (len == 0 || len > 63 || text[0] == '-' || text[len - 1] == '-')
		return 0;
	return len;
}

bool
str_is_label(const char *text)
{
	size_t len = label_len(text);

	return len > 0 && text[len] == '\0';
}

bool
str_is_name(const char *text)
{
	const char *at = text;

	for (;;) {
		size_t len = label_len(at);

		if (len == 0)
			return false;
		at += len;
		if (*at == '\0')
			return at - text <= 253;
		if (*at++ != '.')
			return false;
	}
}

void
buf_init(struct buf *buf)
{
	buf->size = 256;
	buf->len = 0;
	buf->text = mem_new(buf->size);
}

void
buf_fini(struct buf *buf)
{
	free(buf->text);
	buf->text = NULL;
	buf->len = buf->size = 0;
}

void
buf_add(struct buf *buf, const void *data, size_t len)
{
	if (len >= SIZE_MAX / 2 - buf->len)
		must(NULL);
	if (buf->len + len + 1 > buf->size) {
		buf->size = 2 * (buf->len + len + 1);
		buf->text = mem_grow(buf->text, buf->size, 1);
	}
	memcpy(buf->text + buf->len, data, len);
	buf->len += len;
	buf->text[buf->len] = '\0';
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_format(struct buf *buf, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	must(len < 0 ? NULL : text);
	buf_add(buf, text, (size_t)len);
	free(text);
}
