/* What systemd-repart is told: see repart.h. */
#include "cloud-init/agent/repart.h"

#include <stdio.h>

#include "cloud-init/agent/disk.h"

static void
definition(struct repart_file *ret, const char *name, const char *label, const char *rest)
{
	ret->name = name;
	snprintf(ret->text, sizeof(ret->text), "[Partition]\nLabel=%s\n%s", label, rest);
}

size_t
repart_render(const struct repart_wish *wish, struct repart_file ret[REPART_FILES])
{
	uint64_t room, state;
	size_t n = 0;
	char text[256];

	if (wish->disk < DISK_LEAST)
		return 0;
	room = (wish->disk - DISK_EDGE - DISK_ESP_BYTES) >> 20 << 20;
	state = wish->state < DISK_STATE_LEAST ? DISK_STATE_LEAST : wish->state >> 20 << 20;
	if (state > room)
		state = room;
	definition(&ret[n++], "10-esp.conf", DISK_LABEL_ESP,
		   "Type=esp\nFormat=vfat\nSizeMinBytes=1G\nSizeMaxBytes=1G\n");
	snprintf(text, sizeof(text),
		 "Type=linux-generic\nFormat=ext4\nSizeMinBytes=%lluM\nSizeMaxBytes=%lluM\n",
		 (unsigned long long)(state >> 20), (unsigned long long)(state >> 20));
	definition(&ret[n++], "20-state.conf", DISK_LABEL_STATE, text);
	if (wish->rest && room - state >= DISK_REST_LEAST)
		definition(&ret[n++], "30-rest.conf", DISK_LABEL_REST,
			   "Type=linux-generic\nSizeMinBytes=1G\n");
	return n;
}
