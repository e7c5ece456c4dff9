#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Small helpers for text.  Memory running out ends the process: there is nothing better to do. */

char *str_dup(const char *text);			/* NULL stays NULL */
char *str_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *mem_new(size_t len);				/* zeroed */
void *mem_grow(void *old, size_t count, size_t size);	/* overflow checked */

bool str_eq(const char *a, const char *b);		/* both NULL: equal */
bool str_starts(const char *text, const char *prefix);

/* Puts a copy of `text` (NULL as "") in the place of what *at holds. */
void str_set(char **at, const char *text);

/* Copies what fits, always NUL-terminated; -ENOSPC when cut. */
int str_copy(char *ret, size_t size, const char *text);

/* A label of RFC 1123: 1-63 of a-z 0-9 '-', not at the ends.  A name: labels joined by dots. */
bool str_is_label(const char *text);
bool str_is_name(const char *text);

/* Text that grows; text is never NULL after buf_init(). */
struct buf {
	char *text;
	size_t len, size;
};
void buf_init(struct buf *buf);
void buf_fini(struct buf *buf);
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_format(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
