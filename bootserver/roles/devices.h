#ifndef ROLES_DEVICES_H
#define ROLES_DEVICES_H

#include "roles/roles.h"

/* How Rook is told of a disk: its name below /dev/disk/by-id/; NULL when it has none that stays.
 * The caller frees. */
char *roles_device_path(const struct roles_disk *disk);

#endif
