/* What `state` found: see verdict.h. */
#include "cloud-init/agent/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

static const char *const names[] = { "kept", "new", "ram", "stalled" };

const char *
verdict_name(enum verdict_result result)
{
	return names[result];
}

static json_t *
disk_json(const struct disk *disk, bool system)
{
	json_t *o = json_object(), *signs = json_array();
	char why[256], path[64];
	enum disk_use use = disk_classify(disk, why, sizeof(why));

	str_copy(path, sizeof(path), "/dev/");
	str_copy(path + 5, sizeof(path) - 5, disk->name);
	json_put(o, "name", disk->name);
	json_put(o, "path", disk->by_id[0] ? disk->by_id : path);
	json_put_num(o, "size", (int64_t)disk->size);
	json_put(o, "serial", disk->serial);
	json_put(o, "model", disk->model);
	json_put_flag(o, "rotational", disk->rotational);
	if (disk->loop)
		json_put_flag(o, "loop", true);
	for (size_t i = 0; i < disk->nsigns; i++)
		json_array_append_new(signs, json_string(disk->signs[i]));
	json_object_set_new(o, "signatures", signs);
	json_put(o, "fsid", disk->fsid[0] ? disk->fsid : NULL);
	json_put(o, "osd", disk->osd[0] ? disk->osd : NULL);
	json_put(o, "use", disk_use_name(system ? DISK_SYSTEM : use));
	json_put(o, "why", system ? "carries this machine's state partition" : why);
	return o;
}

json_t *
verdict_disks(const struct disk *disks, size_t count, const struct disk *system)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, disk_json(&disks[i], &disks[i] == system));
	return list;
}

int
verdict_write(const struct verdict *verdict, struct err *err)
{
	char path[WHERE_MAX], *text;
	json_t *o = json_object();
	int r;

	json_put(o, "result", names[verdict->result]);
	json_put(o, "disk", verdict->disk);
	json_put(o, "by_id", verdict->by_id);
	json_put(o, "reason", verdict->reason);
	json_object_set(o, "disks", verdict->disks);
	text = json_text(o, NULL);
	r = file_mkdirs(AT_FDCWD, where(path, WHERE_RUN), 0755, err);
	if (r == 0)
		r = where_write(WHERE_RUN "/state.json", 0644, text, err);
	free(text);
	json_decref(o);
	return r;
}

static int
from_json(struct verdict *ret, json_t *o, struct err *err)
{
	const char *result = json_str(o, "result", "");
	json_t *disks = json_object_get(o, "disks");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(result, names[i])) {
			ret->result = (enum verdict_result)i;
			str_copy(ret->disk, sizeof(ret->disk), json_str(o, "disk", ""));
			str_copy(ret->by_id, sizeof(ret->by_id), json_str(o, "by_id", ""));
			str_copy(ret->reason, sizeof(ret->reason), json_str(o, "reason", ""));
			ret->disks = json_is_array(disks) ? json_incref(disks) : json_array();
			return 0;
		}
	return err_set(err, -EINVAL, "state.json has no known result");
}

int
verdict_read(struct verdict *ret, struct err *err)
{
	char path[WHERE_MAX], *text;
	json_t *o;
	size_t len;
	int r;

	r = file_read(AT_FDCWD, where(path, WHERE_RUN "/state.json"), &text, &len, err);
	if (r < 0)
		return r;
	r = json_parse(&o, text, len, err);
	free(text);
	if (r < 0)
		return r;
	r = from_json(ret, o, err);
	json_decref(o);
	return r;
}

void
verdict_fini(struct verdict *verdict)
{
	json_decref(verdict->disks);
	verdict->disks = NULL;
}
