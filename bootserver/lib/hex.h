#ifndef LIB_HEX_H
#define LIB_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * len lower-case digits and a NUL. */
void hex_format(char *ret, const void *bytes, size_t len);

/* Reads exactly 2 * len hex digits and the end of the string; 0 or -EINVAL. */
int hex_parse(uint8_t *ret, size_t len, const char *text);

/* True if `text` is the 64 lower-case hex digits of a SHA-256. */
bool hex_is_sha256(const char *text);

#endif
