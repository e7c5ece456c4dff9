#ifndef SITE_SIGNS_H
#define SITE_SIGNS_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Foreign text (of files, machines, firmware) as a terminal may be shown it.  Signs that order one
 * about, end a line, are not seen or turn the order of others are none of it: C0 but the tab, DEL,
 * C1, Unicode's marks of direction and of width zero, and bytes that are no UTF-8 (RFC 3629).
 */

/* Puts `instead` in the place of each such sign; the text never grows. */
void signs_clean(char *text, char instead);

bool signs_are_clean(const char *text);

/* The same of all strings within a value, with a space; keys are left as they are. */
void signs_clean_json(json_t *value);

#endif
