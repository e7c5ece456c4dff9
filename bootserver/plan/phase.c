/* The phases of a boot and the states of an event, by name: see phase.h. */
#include "plan/phase.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const phases[PHASE_COUNT] = {
	[PHASE_DHCP] = "dhcp", [PHASE_TFTP] = "tftp", [PHASE_IPXE] = "ipxe",
	[PHASE_SCRIPT] = "script", [PHASE_KERNEL] = "kernel", [PHASE_INITRD] = "initrd",
	[PHASE_STAGE1] = "stage1", [PHASE_ROOT] = "root", [PHASE_FACTS] = "facts",
	[PHASE_ENROL] = "enrol", [PHASE_STORAGE] = "storage", [PHASE_JOIN] = "join",
	[PHASE_ROLES] = "roles", [PHASE_HEALTHY] = "healthy",
};

static const char *const states[] = {
	[STATE_BEGIN] = "begin", [STATE_PROGRESS] = "progress", [STATE_DONE] = "done",
	[STATE_WAIT] = "wait", [STATE_STALL] = "stall", [STATE_FAIL] = "fail",
	[STATE_NOTE] = "note",
};

/* The place of `name` in `words`, or -EINVAL. */
static int
find(const char *const *words, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

const char *
phase_name(enum phase phase)
{
	return phases[phase];
}

const char *
phase_state_name(enum phase_state state)
{
	return states[state];
}

int
phase_parse(enum phase *ret, const char *name)
{
	int at = find(phases, PHASE_COUNT, name);

	if (at < 0)
		return at;
	*ret = (enum phase)at;
	return 0;
}

int
phase_state_parse(enum phase_state *ret, const char *name)
{
	int at = find(states, sizeof(states) / sizeof(states[0]), name);

	if (at < 0)
		return at;
	*ret = (enum phase_state)at;
	return 0;
}
