#ifndef SITE_HINTS_H
#define SITE_HINTS_H

#include "site/schema.h"

/* Why the key, which is known well, cannot stand in `scope`: the end of "KEY …"; NULL: no word. */
const char *schema_refusal(enum schema_scope scope, const char *key);

/* How a sentence about an unknown key ends: "; did you mean \"mac\"?", ": there are …" or nothing;
 * fresh memory, the caller frees. */
char *schema_hint(enum schema_scope scope, const char *key);

#endif
