/*
 * Which disks of a storage node are Rook's.  A disk that holds anything is never given away by a
 * rule: only what is blank, or already an OSD of this very cluster.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "roles/devices.h"

#define OSD_LEAST ((int64_t)5 << 30)	/* ceph-volume takes nothing smaller */

static void
say_size(char ret[32], int64_t bytes)
{
	static const struct {
		int64_t unit;
		const char *name;
	} units[] = { { 1000000000000, "TB" }, { 1000000000, "GB" }, { 1000000, "MB" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (bytes < units[i].unit)
			continue;
		snprintf(ret, 32, "%.*f %s", bytes < 10 * units[i].unit, (double)bytes /
			 (double)units[i].unit, units[i].name);
		return;
	}
	snprintf(ret, 32, "%lld bytes", (long long)bytes);
}

static bool
rule_fits(const struct site_device_rule *rule, const struct roles_disk *disk)
{
	if (rule->size_least > 0 && disk->size < rule->size_least)
		return false;
	if (rule->size_most > 0 && disk->size > rule->size_most)
		return false;
	if (rule->type != NULL && !str_eq(rule->type, disk->type))
		return false;
	return rule->model == NULL || strcasestr(disk->model, rule->model) != NULL;
}

static bool
rules_fit(const struct site_storage *storage, const struct roles_disk *disk)
{
	for (size_t i = 0; i < storage->nrules; i++)
		if (rule_fits(&storage->rules[i], disk))
			return true;
	return storage->nrules == 0;
}

/* A disk has several names by-id and the agent tells one: it is meant too by a name that ends with
 * its serial number. */
static bool
is_named(const struct roles_disk *disk, const char *name)
{
	size_t len = strlen(name), serial = strlen(disk->serial);

	if (disk->path != NULL && str_eq(disk->path + strlen("/dev/disk/by-id/"), name))
		return true;
	return serial > 0 && len > serial && name[len - serial - 1] == '_' &&
	       str_eq(name + len - serial, disk->serial);
}

static bool
is_listed(const struct site_machine *machine, const struct roles_disk *disk)
{
	for (size_t i = 0; i < machine->devices.count; i++)
		if (is_named(disk, machine->devices.items[i]))
			return true;
	return false;
}

/* Rook can be told only of what has a name that stays. */
static const char *
name_fault(const struct roles_disk *disk)
{
	char *path = roles_device_path(disk);
	bool has_path = path != NULL;

	free(path);
	return has_path ? NULL : "has no name below /dev/disk/by-id/";
}

/* Why a blank disk is not taken, or NULL. */
static const char *
blank_fault(const struct site *site, const struct roles_node *node, const struct roles_disk *disk)
{
	bool lists = node->machine != NULL && node->machine->devices.count > 0;

	if (name_fault(disk) != NULL)
		return name_fault(disk);
	if (disk->size < OSD_LEAST)
		return "is too small for an OSD";
	if (lists && !is_listed(node->machine, disk))
		return "is not among the machine's devices";
	if (!lists && !rules_fit(&site->storage, disk))
		return "fits none of the site's rules";
	return NULL;
}

static const char *
fault_of(const struct site *site, const struct roles_node *node, const struct roles_disk *disk)
{
	if (!(roles_of(site, node->machine) & SITE_ROLE_STORAGE))
		return "the machine has not the role storage";
	switch (disk->use) {
	case ROLES_USE_OURS:
		return name_fault(disk);
	case ROLES_USE_FOREIGN:
		return "is another Ceph cluster's, and is kept";
	case ROLES_USE_SYSTEM:
		return "is the system disk";
	case ROLES_USE_BLANK:
		return blank_fault(site, node, disk);
	case ROLES_USE_UNKNOWN:
		break;
	}
	return "is not blank, and is kept";
}

void
roles_devices(const struct site *site, const struct roles_node *node, struct roles_choice *ret)
{
	for (size_t i = 0; i < node->ndisks; i++) {
		const struct roles_disk *disk = &node->disks[i];
		const char *fault = fault_of(site, node, disk);
		char size[32];

		ret[i].taken = fault == NULL;
		say_size(size, disk->size);
		if (fault != NULL)
			str_copy(ret[i].reason, sizeof(ret[i].reason), fault);
		else if (disk->use == ROLES_USE_OURS)
			str_copy(ret[i].reason, sizeof(ret[i].reason),
				 "holds an OSD of this cluster");
		else
			snprintf(ret[i].reason, sizeof(ret[i].reason), "is a blank %s of %s",
				 disk->type, size);
	}
}

/* Rook finds a disk by the links that udev knows; a loop device, which has none, by its name. */
char *
roles_device_path(const struct roles_disk *disk)
{
	if (disk->path != NULL)
		return str_dup(disk->path);
	return str_starts(disk->name, "loop") ? str_format("/dev/%s", disk->name) : NULL;
}
