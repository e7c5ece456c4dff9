#ifndef SITE_SCHEMA_H
#define SITE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/*
 * The one table that says what may stand in a site file.  The parser, the defaults, the ranges, the
 * commented sample and the reference page are all made from it.
 */

enum schema_scope {
	SCOPE_FILE, SCOPE_SITE, SCOPE_SERVER, SCOPE_DHCP, SCOPE_BOOT, SCOPE_ENROLMENT,
	SCOPE_KUBERNETES, SCOPE_BALANCER, SCOPE_POOL, SCOPE_STORAGE, SCOPE_DEVICES, SCOPE_RACK,
	SCOPE_ROUTER, SCOPE_PROFILE, SCOPE_RULE, SCOPE_MACHINE, SCOPE_NETWORK, SCOPE_DNS,
	SCOPE_TIME, SCOPE_LINK, SCOPE_ROUTE
};

enum schema_type {
	/* what holds other rows */
	SCHEMA_GROUP,		/* a mapping with the keys of `inner`, kept in the same struct */
	SCHEMA_ITEMS,		/* a list of such mappings: T *items; size_t count; each `size`
				 * bytes, a struct site_place first */
	SCHEMA_INCLUDE,		/* no key: the keys of `inner` may stand here too */
	SCHEMA_REFUSED,		/* no key: `words` are keys that cannot stand here, `help` says
				 * why: "KEY HELP" */
	/* what holds several scalars */
	SCHEMA_LIST,		/* one or a list of `each`: struct site_list */
	SCHEMA_PAIRS,		/* text: text; struct site_pair *items; size_t count */
	SCHEMA_VALUES,		/* text: anything, kept as JSON; as above */
	/* scalars, and the member they fill */
	SCHEMA_LABEL,		/* char * */
	SCHEMA_NAME,		/* char * */
	SCHEMA_TEXT,		/* char * */
	SCHEMA_ARGS,		/* char * */
	SCHEMA_INTERFACE,	/* char * */
	SCHEMA_IMAGE,		/* char * */
	SCHEMA_DISK,		/* char * */
	SCHEMA_UUID, SCHEMA_MAC,	/* char * */
	SCHEMA_IP4_TEXT,	/* char * */
	SCHEMA_SSH_KEY,		/* char * */
	SCHEMA_FILE,		/* char *, below the site directory */
	SCHEMA_NIC,		/* char *: boot, a MAC in normal form, or a name */
	SCHEMA_USER_DATA, SCHEMA_CIDR_TEXT,	/* char * */
	SCHEMA_POOL,		/* char *, terms.h for this and the next three */
	SCHEMA_COMMUNITY,	/* char * */
	SCHEMA_TAINT,		/* char * */
	SCHEMA_VALUE,		/* char * */
	SCHEMA_CHOICE,		/* char *, one of `words` */
	SCHEMA_WORD,		/* int, ordinal in `words` */
	SCHEMA_BITS,		/* int, one or a list of `words`: 1 << ordinal of each */
	SCHEMA_TRUTH,		/* int: 0, 1 */
	SCHEMA_FLAG,		/* bool */
	SCHEMA_PORT,		/* uint16_t */
	SCHEMA_NUMBER,		/* int64_t */
	SCHEMA_IP4,		/* uint32_t */
	SCHEMA_CIDR,		/* struct net_cidr */
	SCHEMA_SUBNET,		/* struct net_cidr, the address its first */
	SCHEMA_RANGE,		/* uint32_t first, last */
	SCHEMA_SIZE,		/* int64_t, bytes */
	SCHEMA_SIZES,		/* int64_t least, most: bytes, 0 for an open end */
	SCHEMA_TIME,		/* int64_t, seconds */
	SCHEMA_TYPES
};

enum { SCHEMA_ROWS_MOST = 32 };		/* rows in one scope, included ones too */

struct schema_row {
	enum schema_scope scope;
	const char *key;
	enum schema_type type;
	size_t offset;			/* of the member in the scope's struct */
	const char *help;		/* sentences for sample and reference */
	const char *sample;		/* value shown in the sample */
	const char *normal;		/* the default as text; NULL: none */
	const char *normal_help;	/* the default in words, where it is no constant */
	bool needed;
	bool shown;			/* the sample gives it; else it stands there as a comment */
	int64_t least, most;
	bool secret;			/* not to be quoted */
	const char *const *words;
	enum schema_type each;
	enum schema_scope inner;
	size_t size, holds;		/* of an item; list: at most so many, 0: any number */
	size_t place;			/* group: of a struct site_place in the scope's struct that
					 * is told where it stands; 0: none */
	const char *brief;		/* group: the key of `inner` that one scalar stands for */
};

extern const struct schema_row schema_rows[];
extern const size_t schema_nrows;

/* The row of a key that may stand in `scope`, or NULL; *ret_shift is what to add to the scope's
 * struct to get the struct that row->offset counts in (included rows). */
const struct schema_row *schema_find(enum schema_scope scope, const char *key, size_t *ret_shift);

/* The keys that may stand in `scope`, NULL-terminated. */
void schema_keys(enum schema_scope scope, const char *ret[SCHEMA_ROWS_MOST + 1]);

/* Reads one scalar into `field` (which must hold no memory yet): 0, or -EINVAL when `text` is not
 * what schema_describe() says.  For each of a list: a copy of the row with the type `each`. */
int schema_take(const struct schema_row *row, const char *text, void *field);

/* "a number from 1 to 65535", "one of storage, unused", …: what the row wants; fresh memory, the
 * caller frees. */
char *schema_describe(const struct schema_row *row);

/* Each scope with its title, as a page tells of them: "At the top", "racks (each of them)",
 * "racks (each of them): router", …; included ones once. */
typedef void schema_visit(void *user, const char *title, enum schema_scope scope);
void schema_walk(schema_visit *visit, void *user);

/* Writes the defaults of a scope into `base`; `inherit`: the included rows' members are set to "not
 * said here" instead. */
void schema_defaults(enum schema_scope scope, void *base, bool inherit);

#endif
