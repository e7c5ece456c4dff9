#ifndef LIB_ERR_H
#define LIB_ERR_H

/*
 * One sentence about what went wrong, owned by the caller, and the place in the *input* that is at
 * fault.  Functions return 0 or a negative errno value and fill this in; `file` is empty and the
 * numbers 0 where no input has a place.
 */
struct err {
	char text[512];
	char file[256];
	int line;		/* from 1 */
	int column;		/* from 1 */
};

/* Writes the sentence (printf-style, no full stop, no newline); returns `code` (negative). */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": <strerror(-code)>" behind the sentence. */
int err_errno(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "what: " before the sentence that is there; returns `code`, for `return err_wrap(…)`. */
int err_wrap(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
