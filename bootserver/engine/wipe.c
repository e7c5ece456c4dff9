/*
 * Erasing a disk takes two words of the operator: which disk, and, having read what is on it, the
 * code.  The disk is named by its serial number alone, which must be one disk's of that machine.
 */
#include "engine/wipe.h"

#include <stdlib.h>
#include <string.h>

#include "engine/agent.h"
#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define CODE_MS (10 * 60 * 1000)

static int
fault(json_t **ret, int status, const char *text)
{
	*ret = json_object();
	json_put(*ret, "error", text);
	return status;
}

/* The disk of that serial number as the agent told it; NULL: none, or more than one. */
static const json_t *
find_disk(const struct machine *m, const char *serial)
{
	const json_t *disks = json_object_get(m->facts, "disks"), *found = NULL;

	for (size_t i = 0; i < json_array_size(disks); i++) {
		const json_t *disk = json_array_get(disks, i);

		if (!str_eq(json_str(disk, "serial", ""), serial))
			continue;
		if (found)
			return NULL;
		found = disk;
	}
	return found;
}

static json_t *
shown(const json_t *disk)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "name", json_str(disk, "name", ""),
			 "serial", json_str(disk, "serial", ""), "size",
			 (json_int_t)json_num(disk, "size", 0), "model",
			 json_str(disk, "model", ""), "use", json_str(disk, "use", "unknown"),
			 "why", json_str(disk, "why", ""));
}

static int
give_code(struct machine *m, const char *serial, const json_t *disk, json_t **ret)
{
	free(m->wipe);
	m->wipe = mem_new(sizeof(*m->wipe));
	str_copy(m->wipe->serial, sizeof(m->wipe->serial), serial);
	chance_code(m->wipe->code);
	m->wipe->until_ms = clock_mono_ms() + CODE_MS;
	*ret = json_object();
	json_put(*ret, "code", m->wipe->code);
	json_object_set_new(*ret, "disk", shown(disk));
	return 200;
}

int
wipe(struct engine *e, struct machine *m, const json_t *body, json_t **ret)
{
	const char *serial = json_str(body, "serial", "");
	const char *code = json_str(body, "confirm", NULL);
	const json_t *disk = serial[0] ? find_disk(m, serial) : NULL;

	if (!serial[0] || strlen(serial) >= sizeof(m->wipe->serial))
		return fault(ret, 422, "say which disk: {\"serial\": …}, as `bootserver show`"
			     " has it");
	if (!disk)
		return fault(ret, 409, "the machine does not have exactly one disk of this serial"
			     " number");
	if (str_eq(json_str(disk, "use", ""), "system"))
		return fault(ret, 409, "this is the system disk of the machine: it holds its state,"
			     " and is not wiped");
	if (!code)
		return give_code(m, serial, disk, ret);
	if (!m->wipe || strcmp(code, m->wipe->code) != 0 ||
	    strcmp(serial, m->wipe->serial) != 0 || clock_mono_ms() >= m->wipe->until_ms)
		return fault(ret, 409, "no disk of this serial number is to be wiped by this"
			     " code: ask for one");
	free(m->wipe);
	m->wipe = NULL;
	log_warn("machine=%s text=\"its disk %s (serial number %s) is to be wiped: the operator"
		 " confirmed it\"", m->name, json_str(disk, "name", ""), serial);
	agent_order(e, m, &(struct order){ ORDER_WIPE, "the operator confirmed it", serial, 0 });
	*ret = json_pack("{s:o}", "disk", shown(disk));
	return 202;
}
