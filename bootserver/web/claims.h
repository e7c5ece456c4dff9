#ifndef WEB_CLAIMS_H
#define WEB_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/*
 * What a stranger says of itself in a query, brought into a form that the engine may read: known
 * names alone, printable ASCII, short.  Pure.
 */
#define CLAIMS_TEXT 128		/* bytes of a claim, at most */
#define CLAIMS_REPORT 200	/* bytes of a report's text */

/* The names there are, from 0; behind the last NULL. */
const char *claims_name(size_t number);

/* Takes one query parameter of /v1/boot into the object `claims`.  `value` may hold any bytes (NUL
 * too); NULL is as empty.  Unknown names, empty values, names said before, and values that do not
 * have their name's shape (a MAC, a UUID, a word) are left out; in free text other bytes become '_'
 * and what is too long is cut.  Returns whether it was taken. */
bool claims_take(json_t *claims, const char *name, const char *value, size_t len);

/* Copies text with each byte outside printable ASCII as '_', cut to what fits. */
void claims_clean(char *ret, size_t size, const char *value, size_t len);

/* A boot's nonce: 16 to 64 lower-case hex digits.  NULL: false. */
bool claims_is_nonce(const char *text);

#endif
