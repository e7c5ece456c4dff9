/*
 * The rules of the cluster as a whole: what kubeadm would refuse, or take and not live with.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/marks.h"

static const struct site_place *
place_of(const struct site *site, const void *field)
{
	static const struct site_place whole = {.file = 0, .line = 1, .column = 1};
	const struct site_place *group = &site->kubernetes.place;

	if (!group->line)
		group = site_marks_find(site->marks, &site->address, &whole);
	return site_marks_find(site->marks, field, group);
}

enum { PODS_MOST = 253 };	/* a /24 without its ends and the bridge */

/* Tells when the cluster's range `cidr` shares addresses with those of `what`. */
static void
check_overlap(const struct site *site, struct site_findings *findings, const struct net_cidr *cidr,
	      const struct net_cidr *other, const char *what)
{
	char first[NET_IP4_TEXT], last[NET_IP4_TEXT];

	if (!other->address || !site_cidr_overlap(cidr, other))
		return;
	net_ip4_format(first, site_cidr_first(cidr));
	net_ip4_format(last, site_cidr_last(cidr));
	site_find_either(findings, site_cluster_meant(site), place_of(site, cidr),
			 "%s (%s-%s) overlaps with %s: give it addresses of its own under "
			 "`kubernetes:`",
			 cidr == &site->kubernetes.pods ? "pod-range" : "service-range", first,
			 last, what);
}

static void
check_overlaps(const struct site *site, struct site_findings *findings)
{
	const struct net_cidr *const ranges[] = { &site->kubernetes.pods,
						  &site->kubernetes.services };
	char *what;

	for (size_t i = 0; i < 2; i++) {
		check_overlap(site, findings, ranges[i], &site->address, "the server's subnet");
		for (size_t j = 0; j < site->nnetworks; j++) {
			what = str_format("the network in line %d", site->networks[j].place.line);
			check_overlap(site, findings, ranges[i], &site->networks[j].subnet, what);
			free(what);
		}
	}
	check_overlap(site, findings, ranges[0], ranges[1], "service-range");
}

/* The networks of machines' links: a node would look there for what is the cluster's.  What lies in
 * a network that machines boot in is told with it. */
static void
check_claims(const struct site *site, struct site_findings *findings)
{
	const struct site_kubernetes *k = &site->kubernetes;
	size_t count;
	struct site_claim *claims = site_claims_new(site, &count);
	char text[NET_IP4_TEXT];

	for (size_t i = 0; i < count; i++) {
		const struct net_cidr *cidr = &claims[i].cidr;
		bool pods = site_cidr_overlap(&k->pods, cidr);

		if (net_cidr_holds(&site->address, cidr->address) ||
		    site_network_of(site, cidr->address) ||
		    (!pods && !site_cidr_overlap(&k->services, cidr)))
			continue;
		net_ip4_format(text, cidr->address);
		site_find_either(findings, site_cluster_meant(site), claims[i].place,
				 "%s/%u overlaps with the cluster's own %s: take an address of "
				 "another network, or give the cluster another range under "
				 "`kubernetes:`", text, cidr->prefix,
				 pods ? "pod-range" : "service-range");
	}
	free(claims);
}

/* May pods or services have such addresses? */
static void
check_usable(const struct site *site, struct site_findings *findings, const struct net_cidr *cidr,
	     const char *what)
{
	static const struct net_cidr taken[] = {
		{0x00000000, 8},
		{0x7f000000, 8},
		{0xa9fe0000, 16},
		{0xe0000000, 3},
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (net_cidr_holds(&taken[i], cidr->address) ||
		    net_cidr_holds(cidr, taken[i].address)) {
			site_find_error(findings, place_of(site, cidr),
					"%s holds addresses that no machine can have (loopback, "
					"link-local or multicast)",
					what);
			return;
		}
}

/* The sizes that kubeadm takes: at most 20 bits of services, and at least ten of them; a /24 of
 * pods a node, and at most 2^16 nodes. */
static void
check_sizes(const struct site *site, struct site_findings *findings)
{
	const struct site_kubernetes *k = &site->kubernetes;
	uint64_t nodes;

	check_usable(site, findings, &k->services, "service-range");
	check_usable(site, findings, &k->pods, "pod-range");
	if (k->services.prefix < 12 || k->services.prefix > 28)
		site_find_error(findings, place_of(site, &k->services),
				"a service-range of length /%u is not taken by Kubernetes: from "
				"/12 to /28",
				k->services.prefix);
	if (k->pods.prefix < 8 || k->pods.prefix > 24) {
		site_find_error(findings, place_of(site, &k->pods),
				"a pod-range of length /%u is not taken by Kubernetes: from /8 to "
				"/24, of which each node gets a /24",
				k->pods.prefix);
		return;
	}
	nodes = UINT64_C(1) << (24 - k->pods.prefix);
	if (site->nmachines > nodes)
		site_find_either(
			findings, site_cluster_meant(site), place_of(site, &k->pods),
			"pod-range has a /24 for %llu nodes, and there are %zu machines: make "
			"it larger",
			(unsigned long long)nodes, site->nmachines);
}

/* Name servers and the gateway are asked by every node: pods must not hide them. */
static void
check_hidden(const struct site *site, struct site_findings *findings)
{
	const struct site_kubernetes *k = &site->kubernetes;
	const struct site_list *lists[] = {&site->dns, &site->ntp, &site->services.forward};
	uint32_t address;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			if (net_ip4_parse(&address, lists[i]->items[j]) == 0 &&
			    (net_cidr_holds(&k->pods, address) ||
			     net_cidr_holds(&k->services, address)))
				site_find_either(
					findings, site_cluster_meant(site),
					place_of(site, &lists[i]->items[j]),
					"%s lies in the cluster's own pod-range or service-range: "
					"no node would reach it",
					lists[i]->items[j]);
}

static bool
among(const char *word, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* What is passed on must not contradict what the boot server or kubeadm says itself. */
static void
check_kubelet(const struct site *site, struct site_findings *findings)
{
	static const char *const ours[] = {"apiVersion",
					   "kind",
					   "authentication",
					   "authorization",
					   "clusterDNS",
					   "clusterDomain",
					   "containerRuntimeEndpoint",
					   "podCIDR",
					   "registerWithTaints",
					   "rotateCertificates",
					   "serverTLSBootstrap",
					   "staticPodPath",
					   "tlsCertFile",
					   "tlsPrivateKeyFile",
					   NULL};

	for (size_t i = 0; i < site->kubernetes.nkubelet; i++) {
		const char *key = site->kubernetes.kubelet[i].key;
		const char *value = site->kubernetes.kubelet[i].value;
		const struct site_place *place = place_of(site, &site->kubernetes.kubelet[i].key);

		if (among(key, ours))
			site_find_error(findings, place, "%s is set by the boot server itself",
					key);
		else if (strcmp(key, "cgroupDriver") == 0)
			site_find_warning(findings, place,
					  "containerd in the images uses systemd as its cgroup "
					  "driver: with another one no pod starts");
		else if (strcmp(key, "maxPods") == 0 && atoll(value) > PODS_MOST)
			site_find_error(findings, place,
					"a node has addresses for %d pods at most: its /24 of "
					"pod-range",
					PODS_MOST);
		else if (key[0] < 'a' || key[0] > 'z' || strpbrk(key, "-_. /:"))
			site_find_error(findings, place,
					"%s is no member of KubeletConfiguration: they are written "
					"as maxPods",
					key);
	}
}

static void
check_api_server(const struct site *site, struct site_findings *findings)
{
	static const char *const ours[] = {"advertise-address",
					   "allow-privileged",
					   "authorization-mode",
					   "client-ca-file",
					   "enable-bootstrap-token-auth",
					   "secure-port",
					   "bind-address",
					   "service-cluster-ip-range",
					   "proxy-client-cert-file",
					   "proxy-client-key-file",
					   "kubelet-client-certificate",
					   "kubelet-client-key",
					   "tls-cert-file",
					   "tls-private-key-file",
					   NULL};
	static const char *const starts[] = {"etcd-", "requestheader-", "service-account-", NULL};

	for (size_t i = 0; i < site->kubernetes.napi_server; i++) {
		const char *key = site->kubernetes.api_server[i].key;
		const struct site_place *place =
			place_of(site, &site->kubernetes.api_server[i].key);
		bool taken = among(key, ours);

		for (size_t j = 0; starts[j]; j++)
			taken |= str_starts(key, starts[j]);
		if (key[0] == '-')
			site_find_error(findings, place,
					"%s: flags are written without their dashes "
					"here",
					key);
		else if (!str_is_label(key))
			site_find_error(findings, place,
					"%s is no flag of kube-apiserver: they are "
					"written as event-ttl",
					key);
		else if (taken)
			site_find_error(findings, place, "%s is set by kubeadm itself", key);
	}
}

static void
check_settings(const struct site *site, struct site_findings *findings)
{
	const struct site_kubernetes *k = &site->kubernetes;
	const struct site_place *endpoint = place_of(site, &k->endpoint);

	if (strcmp(k->endpoint, "boot") == 0 || strcmp(k->endpoint, "localhost") == 0)
		site_find_error(findings, endpoint,
				"\"%s\" is a name the site needs itself: give "
				"the API server another",
				k->endpoint);
	if (k->cni == SITE_CNI_NONE && !k->manifests.count)
		site_find_warning(findings, place_of(site, &k->cni),
				  "no node becomes Ready without a pods' network: bring one by "
				  "manifests");
	check_kubelet(site, findings);
	check_api_server(site, findings);
	if (site_marks_has(site->marks, &site->enrolment_control_plane) &&
	    site->enrolment == SITE_ENROL_APPROVE &&
	    site->enrolment_control_plane == SITE_ENROL_LISTED)
		site_find_warning(findings, place_of(site, &site->enrolment_control_plane),
				  "control-plane machines, which get the cluster's secrets, are "
				  "taken in more easily than the others");
}

/* Groups of a site without a cluster. */
static void
check_unused(const struct site *site, struct site_findings *findings)
{
	if (site->load_balancer.place.line)
		site_find_warning(findings, &site->load_balancer.place,
				  "load-balancer is not used: Kubernetes is not enabled");
	if (site->storage.place.line)
		site_find_warning(findings, &site->storage.place,
				  "storage is not used: Kubernetes is not enabled");
	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];

		if (!machine->roles)
			continue;
		site_find_warning(findings, place_of(site, &machine->roles),
				  "roles are not used: Kubernetes is not enabled");
		return;
	}
}

void
site_check_cluster(const struct site *site, struct site_findings *findings)
{
	if (!site->kubernetes.enabled) {
		check_unused(site, findings);
		return;
	}
	check_overlaps(site, findings);
	check_claims(site, findings);
	check_sizes(site, findings);
	check_hidden(site, findings);
	check_settings(site, findings);
	site_check_nodes(site, findings);
	site_check_balancer(site, findings);
	site_check_storage(site, findings);
}
