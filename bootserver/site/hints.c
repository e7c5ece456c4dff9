/*
 * What a person may have meant by a key that is not known: the one spelt nearly so, the one that
 * kubeadm, MetalLB, Rook or dnsmasq call so, or the few there are to choose from.
 */
#include "site/hints.h"

#include <string.h>

#include "lib/str.h"
#include "lib/words.h"

enum { FEW = 160 };	/* letters of a list that is still read */

/* Words of the programs' own papers, and ours for the same thing. */
static const struct {
	enum schema_scope scope;
	const char *theirs, *ours;
} others[] = {
	{SCOPE_FILE, "metallb", "load-balancer"},
	{SCOPE_FILE, "rook", "storage"},
	{SCOPE_FILE, "ceph", "storage"},
	{SCOPE_FILE, "nodes", "machines"},
	{SCOPE_FILE, "hosts", "machines"},
	{SCOPE_DHCP, "pool", "range"},
	{SCOPE_DHCP, "router", "gateway"},
	{SCOPE_DHCP, "lease-time", "lease"},
	{SCOPE_KUBERNETES, "podSubnet", "pod-range"},
	{SCOPE_KUBERNETES, "podCIDR", "pod-range"},
	{SCOPE_KUBERNETES, "pod-cidr", "pod-range"},
	{SCOPE_KUBERNETES, "serviceSubnet", "service-range"},
	{SCOPE_KUBERNETES, "serviceCIDR", "service-range"},
	{SCOPE_KUBERNETES, "service-cidr", "service-range"},
	{SCOPE_KUBERNETES, "controlPlaneEndpoint", "endpoint"},
	{SCOPE_BALANCER, "mode", "announce"},
	{SCOPE_BALANCER, "myASN", "asn"},
	{SCOPE_BALANCER, "localPref", "local-preference"},
	{SCOPE_BALANCER, "aggregationLength", "aggregation"},
	{SCOPE_BALANCER, "addresses", "pools"},
	{SCOPE_ROUTER, "peerAddress", "address"},
	{SCOPE_ROUTER, "peerASN", "asn"},
	{SCOPE_ROUTER, "ebgpMultiHop", "multihop"},
	{SCOPE_ROUTER, "passwordSecret", "password"},
	{SCOPE_STORAGE, "size", "replicas"},
	{SCOPE_STORAGE, "disks", "devices"},
	{SCOPE_STORAGE, "deviceFilter", "devices"},
	{SCOPE_MACHINE, "ip", "address"},
	{SCOPE_MACHINE, "disks", "devices"},
	{SCOPE_MACHINE, "hostname", "name"},
	{SCOPE_MACHINE, "architecture", "arch"},
};

static const char *
theirs_find(enum schema_scope scope, const char *key)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].scope == scope && strcasecmp(others[i].theirs, key) == 0)
			return others[i].ours;
	return NULL;
}

const char *
schema_refusal(enum schema_scope scope, const char *key)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (row->scope != scope || row->type != SCHEMA_REFUSED)
			continue;
		for (size_t j = 0; row->words[j]; j++)
			if (strcmp(row->words[j], key) == 0)
				return row->help;
	}
	return NULL;
}

char *
schema_hint(enum schema_scope scope, const char *key)
{
	const char *keys[SCHEMA_ROWS_MOST + 1], *meant = theirs_find(scope, key);
	struct buf buf;

	schema_keys(scope, keys);
	if (!meant)
		meant = words_nearest(key, keys);
	if (meant)
		return str_format("; did you mean \"%s\"?", meant);
	if (strcmp(key, "<<") == 0)
		return str_dup(": YAML 1.2 has no merge keys; what machines share stands in a "
			       "profile");
	buf_init(&buf);
	for (size_t i = 0; keys[i]; i++)
		buf_format(&buf, "%s%s", i ? ", " : ": there are ", keys[i]);
	if (buf.len <= FEW)
		return buf.text;
	buf_fini(&buf);
	return str_dup("");
}
