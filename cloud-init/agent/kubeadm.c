/* kubeadm as the agent uses it: see kubeadm.h. */
#include "cloud-init/agent/kubeadm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/node.h"
#include "cloud-init/agent/unit.h"
#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/str.h"

#define RESET_MS (5 * 60000)
#define NETWORK_MS 10000

const char *const *
kubeadm_command(const char *action)
{
	static const char *const init[] = { "kubeadm", "init", "--config", KUBEADM_CONFIG, NULL };
	static const char *const join[] = { "kubeadm", "join", "--config", KUBEADM_CONFIG, NULL };

	if (str_eq(action, "init"))
		return init;
	if (str_eq(action, "join") || str_eq(action, "join-control-plane"))
		return join;
	return NULL;
}

bool
kubeadm_phase(const char *line, char *ret, size_t size)
{
	const char *end = line[0] == '[' ? strchr(line, ']') : NULL;

	if (!end || end == line + 1 || end[1] != ' ' || (size_t)(end - line) > size)
		return false;
	snprintf(ret, size, "%.*s", (int)(end - line) - 1, line + 1);
	return true;
}

static bool
has(const char *line, size_t len, const char *what)
{
	const char *at = strstr(line, what);

	return at && at < line + len;
}

/* How much a line says about the failure: 0 is nothing. */
static int
weight(const char *line, size_t len)
{
	if (len == 0 || str_starts(line, "To see the stack trace"))
		return 0;
	if (has(line, len, "[ERROR"))	/* preflight names each fault so */
		return 3;
	if (str_starts(line, "error") || str_starts(line, "E0") || has(line, len, "error:"))
		return 2;
	return 1;
}

/* Past the words that each of its errors begins with. */
static const char *
past_words(const char *line)
{
	static const char *const words[] = { "error: ", "error execution phase " };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_starts(line, words[i]))
			line += strlen(words[i]);
	return line;
}

void
kubeadm_reason(const char *output, char *ret, size_t size)
{
	int best = 0;
	size_t len, skipped;

	str_copy(ret, size, "it said nothing");
	for (const char *line = output; *line; line += len + (line[len] == '\n')) {
		line += strspn(line, "\t ");
		len = strcspn(line, "\n");
		/* The first of the faults, else the last word. */
		if (weight(line, len) < best || (best == 3 && weight(line, len) == 3) ||
		    weight(line, len) == 0)
			continue;
		best = weight(line, len);
		skipped = (size_t)(past_words(line) - line);
		snprintf(ret, size, "%.*s", (int)(len - skipped), line + skipped);
	}
}

/* kubeadm's phase kubelet-start.  A machine whose power was cut is back before the cluster's node
 * controller has missed it, which takes 50 s (--node-monitor-grace-period). */
const char *
kubeadm_awaits(const char *output)
{
	if (strstr(output, "and status \"Ready\" already exists in the cluster"))
		return "the cluster has a node of this name that is Ready: waits until it has "
		       "noticed that it was away";
	return NULL;
}

/* What kubeadm leaves in the kernel of a node that is not started anew.  kube-proxy takes elements
 * of its old table for its own and then loses some of them: the API server's service among them.
 * A bridge with an address of the old pod range would be refused by the new one's plugin. */
static int
clean_network(struct err *err)
{
	static const char *const tables[] = {
		"nft", "destroy table ip kube-proxy; destroy table ip6 kube-proxy", NULL,
	};
	static const char *const bridge[] = { "ip", "link", "delete", "cni0", NULL };
	int r = child_must(tables, NETWORK_MS, err);
	char *text = NULL;

	if (r == 0)
		r = child_run(bridge, NETWORK_MS, &text, err);	/* there may be none */
	free(text);
	return r < 0 ? r : 0;
}

int
kubeadm_clean(struct err *err)
{
	const char *argv[] = { "kubeadm", "reset", "--force", "--cleanup-tmp-dir",
			       "--skip-phases=preflight,remove-etcd-member", NULL };
	char path[WHERE_MAX];
	int r;

	node_unmark();
	r = unit_stop("kubelet.service", err);
	if (r == 0)
		r = child_must(argv, RESET_MS, err);
	if (r == 0)
		r = clean_network(err);
	/* kubeadm leaves that alone where it cannot ask the API server about it. */
	return r < 0 ? r : file_empty(where(path, "/var/lib/etcd"), err);
}
