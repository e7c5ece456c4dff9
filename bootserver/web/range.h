#ifndef WEB_RANGE_H
#define WEB_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* The Range header and its relatives (RFC 9110 sections 8.8.3, 13.1, 14), as far as files need
 * them. */

enum range_kind {
	RANGE_WHOLE,		/* no range, or one that may be ignored: 200 */
	RANGE_PART,		/* 206 */
	RANGE_NONE,		/* 416: nothing of it is there */
};

/* Reads the value of a Range header (NULL: there is none) for `size` bytes.  A single range of unit
 * bytes counts; several ranges, another unit and bad syntax are RANGE_WHOLE (RFC 9110 section 14.2
 * allows it).  *ret_first and *ret_len are set for RANGE_PART alone. */
enum range_kind range_parse(const char *text, uint64_t size, uint64_t *ret_first,
			    uint64_t *ret_len);

/* True if the If-None-Match list names `etag` (with its quotes); W/ does not matter there (weak
 * comparison).  NULL: false. */
bool range_etag_listed(const char *list, const char *etag);

/* True if an If-Match list (NULL: none) lets the answer be given: it names the very same strong
 * tag. */
bool range_if_match(const char *list, const char *etag);

/* True if an If-Range value (NULL: none) lets the range count: the very same strong tag.  A date
 * never does: we give no Last-Modified. */
bool range_if_holds(const char *value, const char *etag);

#endif
