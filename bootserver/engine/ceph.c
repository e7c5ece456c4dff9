/*
 * The site's Ceph as the engine knows it: the name (fsid) that Rook gave it, out of the saved
 * secrets.  A machine hears it with the next boot's site.json; what a machine said of its disks
 * before it could know is put right here.
 */
#include "engine/ceph.h"

#include <stdlib.h>
#include <string.h>

#include "engine/machines.h"
#include "lib/json.h"
#include "lib/str.h"

/* A UUID as Ceph writes it (RFC 9562, 4), which goes into site.json. */
static bool
is_fsid(const char *text, size_t len)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (len != strlen(shape))
		return false;
	for (size_t i = 0; i < len; i++)
		if (shape[i] == 'x' ? !memchr("0123456789abcdef", text[i], 16) : text[i] != '-')
			return false;
	return true;
}

void
ceph_learn(struct cluster *c)
{
	const json_t *secret = json_object_get(c->rook, "rook-ceph-mon");
	void *text = NULL;
	size_t len;

	c->ceph_fsid[0] = '\0';
	if (json_bytes(json_object_get(secret, "data"), "fsid", &text, &len) == 0 &&
	    is_fsid(text, len)) {
		memcpy(c->ceph_fsid, text, len);
		c->ceph_fsid[len] = '\0';
	}
	free(text);
}

static bool
own(const struct engine *e, json_t *disk)
{
	const char *fsid = json_str(disk, "fsid", "");
	char *why;

	if (!fsid[0] || !str_eq(fsid, e->cluster->ceph_fsid) ||
	    !str_eq(json_str(disk, "use", ""), "foreign"))
		return false;
	why = str_format("holds OSD %s of this site's Ceph", json_str(disk, "osd", "?"));
	json_put(disk, "use", "ours");
	json_put(disk, "why", why);
	free(why);
	return true;
}

bool
ceph_own(const struct engine *e, json_t *facts)
{
	const json_t *disks = json_object_get(facts, "disks");
	bool any = false;

	if (!e->cluster)
		return false;
	for (size_t i = 0; i < json_array_size(disks); i++)
		any |= own(e, json_array_get(disks, i));
	return any;
}

void
ceph_own_all(struct engine *e)
{
	for (size_t i = 0; i < e->nmachines; i++)
		if (ceph_own(e, e->machines[i]->facts))
			machines_touch(e, e->machines[i]);
}
