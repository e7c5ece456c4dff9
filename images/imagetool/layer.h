#ifndef IMAGETOOL_LAYER_H
#define IMAGETOOL_LAYER_H

#include <time.h>

#include "images/imagetool/store.h"

/*
 * A folder as a layer: an uncompressed tar (pax, restricted) of all that is in it, names sorted by
 * byte, owners by number, no time but `mtime` (seconds since 1970).  The same tree gives the same
 * bytes.  Extended attributes (file capabilities) are kept.
 */
int layer_put(int dirfd, const char *folder, time_t mtime, struct blob *ret, struct err *err);

#endif
