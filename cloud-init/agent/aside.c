/* A node that is set aside while its machine is away: see aside.h. */
#include "cloud-init/agent/aside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/apply.h"
#include "cloud-init/agent/child.h"
#include "cloud-init/agent/cluster.h"
#include "cloud-init/agent/say.h"
#include "lib/json.h"
#include "lib/str.h"

#define REQUEST "--request-timeout=10s"
#define CHILD_MS 15000
#define MARK "bootserver.dev/aside"

json_t *
aside_patch(const json_t *node, bool back)
{
	const json_t *meta = json_object_get(node, "metadata");
	bool ours = json_object_get(json_object_get(meta, "annotations"), MARK);
	bool aside = json_flag(json_object_get(node, "spec"), "unschedulable", false);

	if (back)
		return ours ? json_pack("{s:{s:{s:n}}, s:{s:n}}", "metadata", "annotations", MARK,
					"spec", "unschedulable") : NULL;
	return aside ? NULL : json_pack("{s:{s:{s:s}}, s:{s:b}}", "metadata", "annotations", MARK,
					"its machine was ordered to leave", "spec",
					"unschedulable", 1);
}

static int
patch(const char *node, json_t *with, struct err *err)
{
	char *text = json_text(with, NULL);
	const char *argv[] = { "kubectl", APPLY_KUBELET, REQUEST, "patch", "node", node,
			       "--type=merge", "-p", text, NULL };
	int r = child_must(argv, CHILD_MS, err);

	free(text);
	json_decref(with);
	return r;
}

void
aside_set(const struct agent *agent)
{
	const char *name = json_str(agent->cluster.answer, "node", agent->input.name);
	const char *argv[] = { "kubectl", APPLY_KUBELET, REQUEST, "get", "node", name, "-o", "json",
			       NULL };
	json_t *node = NULL, *with;
	struct err err;
	int r;

	if (!cluster_has_role(agent, "storage"))
		return;
	r = apply_get(argv, CHILD_MS, &node, &err);
	with = r == 0 ? aside_patch(node, false) : NULL;
	if (with)
		r = patch(name, with, &err);
	if (r < 0)
		say("order", "the node could not be set aside: %s", err.text);
	else if (with)
		say("order", "the node is set aside while its machine is away");
	json_decref(node);
}

int
aside_clear(const json_t *node, struct err *err)
{
	json_t *with = aside_patch(node, true);

	if (!with)
		return 0;
	return patch(json_str(json_object_get(node, "metadata"), "name", ""), with, err);
}
