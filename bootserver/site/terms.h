#ifndef SITE_TERMS_H
#define SITE_TERMS_H

#include <stdbool.h>
#include <stdint.h>

/* What Kubernetes and MetalLB take as a label, a taint, a pool of addresses, …: their syntax. */

/* A label's key: [PREFIX/]NAME, PREFIX a domain name, NAME 1-63 of letters, digits, '-', '_', '.',
 * letters or digits at its ends. */
bool term_is_key(const char *text);

/* A label's value: empty, or as NAME above. */
bool term_is_value(const char *text);

/* KEY[=VALUE]:EFFECT, the effect NoSchedule, PreferNoSchedule or NoExecute. */
bool term_is_taint(const char *text);

/* A manifest of the site's own: a path below the site directory, of the signs a script can carry
 * (lib/words.h), that ends in .yaml, .yml or .json. */
bool term_is_manifest(const char *text);

/* A community of RFC 1997: two numbers up to 65535, "64512:100". */
bool term_is_community(const char *text);

/* "10.9.0.100-10.9.0.199", blanks around the '-' allowed; 0 or -EINVAL.  The first may be behind
 * the last. */
int term_range_parse(uint32_t *ret_first, uint32_t *ret_last, const char *text);

/* An item of a pool: such a range, or a subnet as "10.9.1.0/28"; 0 or -EINVAL. */
int term_pool_parse(uint32_t *ret_first, uint32_t *ret_last, const char *text);

#endif
