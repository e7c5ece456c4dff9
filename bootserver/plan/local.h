#ifndef PLAN_LOCAL_H
#define PLAN_LOCAL_H

#include <stdbool.h>

/* The ways to the machine's own disk, which ipxe-scripts/local.ipxe knows by these names: exit (the
 * firmware's next boot option), sanboot (iPXE boots the first disk), chain (iPXE starts the loader
 * on the EFI system partition). */

enum { LOCAL_WAYS = 3 };

/* Is it one of them? */
bool local_is_way(const char *name);

/* The order in which a machine tries them: `last` (may be "") goes first if it is `good`; where it
 * led back here, the one after it does.  ret[i] NULL: there are no more on this platform (iPXE's
 * ${platform}: pcbios, efi). */
void local_order(const char *platform, const char *last, bool good, const char *ret[LOCAL_WAYS]);

/* The other iPXE binary of a machine that fetched `file` and did not start it; NULL: there is
 * none. */
const char *local_other_binary(const char *file);

#endif
