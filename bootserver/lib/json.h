#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/err.h"

/* Shorthand over jansson for members of an object; `object` may be NULL. */

/* Borrowed string, or `otherwise` if it is missing or no string. */
const char *json_str(const json_t *object, const char *key, const char *otherwise);
int64_t json_num(const json_t *object, const char *key, int64_t otherwise);
bool json_flag(const json_t *object, const char *key, bool otherwise);

/* Sets a string member; a NULL value sets nothing.  Aborts when memory is out. */
void json_put(json_t *object, const char *key, const char *value);
void json_put_num(json_t *object, const char *key, int64_t value);
void json_put_flag(json_t *object, const char *key, bool value);

/* Is this member one of `takes` ("name:s once:b", kinds as in lib/msg.c), and of its kind?  -EINVAL
 * with the sentence. */
int json_check(const char *key, const json_t *value, const char *takes, struct err *err);
bool json_is_kind(const json_t *value, char kind);	/* string integer object array bool */

/* Parses one document of `len` bytes (duplicates refused, depth limited by jansson). */
int json_parse(json_t **ret, const char *text, size_t len, struct err *err);

/* Compact text in fresh memory, keys sorted; the caller frees. */
char *json_text(const json_t *value, size_t *ret_len);

/* The same with keys as they were put: quicker, for texts that nobody compares. */
char *json_text_unsorted(const json_t *value, size_t *ret_len);

/* Bytes as a base64 string member and back (RFC 4648); *ret is the caller's. */
void json_put_bytes(json_t *object, const char *key, const void *data, size_t len);
int json_bytes(const json_t *object, const char *key, void **ret, size_t *ret_len);

#endif
