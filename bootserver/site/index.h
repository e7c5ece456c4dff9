#ifndef SITE_INDEX_H
#define SITE_INDEX_H

#include <stddef.h>

/* A hash map from texts of several kinds to ordinals: who has this name, MAC, address …  The texts
 * are borrowed and must outlive the index. */

enum site_key { SITE_KEY_NAME, SITE_KEY_MAC, SITE_KEY_UUID, SITE_KEY_SERIAL, SITE_KEY_ADDRESS };

struct site_index;

struct site_index *site_index_new(void);
void site_index_free(struct site_index *index);

/* Adds kind+text -> ordinal; if it is there already nothing changes and its ordinal is returned,
 * else -1. */
long site_index_add(struct site_index *index, enum site_key kind, const char *text, long ordinal);

long site_index_find(const struct site_index *index, enum site_key kind, const char *text); /* -1 */

#endif
