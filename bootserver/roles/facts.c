/* Disks as the agent's facts tell them (docs/INTERFACES.md). */
#include <string.h>

#include "lib/json.h"
#include "lib/str.h"
#include "roles/roles.h"

static const char *const uses[] = { "unknown", "blank", "ours", "foreign", "system" };

static enum roles_use
use_of(const char *word)
{
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (str_eq(word, uses[i]))
			return (enum roles_use)i;
	return ROLES_USE_UNKNOWN;
}

/* Only a name that stays with the disk is of use to Rook. */
static const char *
stable_path(const json_t *disk)
{
	const char *path = json_str(disk, "path", "");

	return str_starts(path, "/dev/disk/by-id/") ? path : NULL;
}

static void
disk_of(const json_t *disk, struct roles_disk *ret)
{
	ret->name = json_str(disk, "name", "");
	ret->path = stable_path(disk);
	ret->model = json_str(disk, "model", "");
	ret->serial = json_str(disk, "serial", "");
	ret->size = json_num(disk, "size", 0);
	ret->loop = json_flag(disk, "loop", false);
	ret->use = use_of(json_str(disk, "use", "unknown"));
	if (str_starts(ret->name, "nvme"))
		ret->type = "nvme";
	else
		ret->type = json_flag(disk, "rotational", false) ? "hdd" : "ssd";
}

struct roles_disk *
roles_disks(const json_t *facts, size_t *ret_count)
{
	const json_t *list = json_object_get(facts, "disks");
	size_t count = json_array_size(list);
	struct roles_disk *disks = mem_new(count * sizeof(*disks));

	for (size_t i = 0; i < count; i++)
		disk_of(json_array_get(list, i), &disks[i]);
	*ret_count = count;
	return disks;
}
