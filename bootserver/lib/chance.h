#ifndef LIB_CHANCE_H
#define LIB_CHANCE_H

#include <stddef.h>
#include <stdint.h>

/* The door by which chance enters: getrandom(2).  chance_seed(n != 0) makes it repeatable. */
void chance_seed(uint64_t seed);
void chance_bytes(void *buf, size_t len);

/* Writes 2 * bytes lower-case hex digits and a NUL to `ret`. */
void chance_hex(char *ret, size_t bytes);

/* A code a person can read out: "ABCD-2345", from 32 signs without 0, O, 1, I. */
void chance_code(char ret[10]);

#endif
