/*
 * What may stand in a site file, row by row, in the order of the sample and the reference page, and
 * the few questions that are asked of the table.
 */
#include "site/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/site.h"

/* A DHCP packet has 312 bytes for all options together (RFC 2131, 2). */
enum { TOLD_MOST = 16 };

/* A name has 253 signs (RFC 1035, 2.3.4, as text), and a machine's own up to 63 and a dot. */
enum { DOMAIN_MOST = 253 - 64 };

#define AT(type, member) offsetof(struct type, member)

static const char *const words_dhcp[] = { "authoritative", "proxy", "relay", "none", NULL };
static const char *const words_enrolment[] = { "listed", "approve", NULL };
static const char *const words_rest[] = { "unused", "storage", NULL };
static const char *const words_arch[] = { "any", "amd64", "arm64", NULL };
static const char *const words_cni[] = { "flannel", "none", NULL };
static const char *const words_announce[] = { "l2", "bgp", NULL };
static const char *const words_domain[] = { "host", "rack", NULL };
static const char *const words_disk[] = { "hdd", "ssd", "nvme", NULL };
static const char *const words_role[] = {	/* as enum site_role */
	"control-plane", "worker", "storage", "load-balancer", "dpu", NULL
};
static const char *const words_version[] = { "version", "kubernetes-version", NULL };
static const char *const words_frr[] = {
	"bfd", "bfd-profile", "keepalive-time", "connect-time", "vrf", "local-asn", "dynamic-asn",
	"graceful-restart", "interface", "unnumbered", "disable-mp", NULL
};
static const char *const words_firmware[] = {
	"snponly.efi", "ipxe-amd64.efi", "ipxe-arm64.efi", "undionly.kpxe", NULL
};
static const char *const words_bond[] = {	/* as enum site_bond_mode */
	"802.3ad", "active-backup", "balance-xor", NULL
};

#define GIB ((int64_t)1 << 30)
#define DAY 86400
#define ASN_MOST 4294967295

const struct schema_row schema_rows[] = {
	{SCOPE_FILE, "site", SCHEMA_GROUP, .inner = SCOPE_SITE, .needed = true, .shown = true,
	 .help = "What this site is called."},
	{SCOPE_SITE, "name", SCHEMA_LABEL, AT(site, name), .needed = true, .shown = true,
	 .sample = "lab", .help = "The site's short name."},
	{SCOPE_SITE, "domain", SCHEMA_NAME, AT(site, domain), .shown = true, .most = DOMAIN_MOST,
	 .sample = "lab.internal", .normal_help = "NAME.internal",
	 .help = "The domain of the machines' names."},

	{SCOPE_FILE, "server", SCHEMA_GROUP, .inner = SCOPE_SERVER, .needed = true, .shown = true,
	 .help = "Where the boot server stands."},
	{SCOPE_SERVER, "interface", SCHEMA_INTERFACE, AT(site, interface), .needed = true,
	 .shown = true, .sample = "eno1", .help = "The network card towards the machines."},
	{SCOPE_SERVER, "address", SCHEMA_CIDR, AT(site, address), .needed = true, .shown = true,
	 .sample = "10.9.0.1/24", .help = "The server's address there, with the subnet's length."},
	{SCOPE_SERVER, "http-port", SCHEMA_PORT, AT(site, http_port), .normal = "80",
	 .sample = "80", .least = 1, .most = 65535,
	 .help = "Port of HTTP (scripts for BIOS machines, images)."},
	{SCOPE_SERVER, "https-port", SCHEMA_PORT, AT(site, https_port), .normal = "443",
	 .sample = "443", .least = 1, .most = 65535,
	 .help = "Port of HTTPS (scripts for UEFI machines, agents)."},
	{SCOPE_SERVER, "store-limit", SCHEMA_SIZE, AT(site, store_limit), .sample = "100GiB",
	 .normal_help = "what the disk has", .least = GIB / 1024, .most = GIB << 20,
	 .help = "How much the store of images may hold; `image add` refuses more."},
	{SCOPE_SERVER, "transfers", SCHEMA_NUMBER, AT(site, transfers), .sample = "16",
	 .normal_help = "by the measured rate",
	 .least = 1, .most = 4096,
	 .help = "How many files of over 1 MiB are sent at once; other machines wait."},

	{SCOPE_FILE, "dhcp", SCHEMA_GROUP, .inner = SCOPE_DHCP, .place = AT(site, dhcp_place),
	 .shown = true,
	 .help = "Addresses for the machines. Without this group the server answers no DHCP."},
	{SCOPE_DHCP, "mode", SCHEMA_WORD, AT(site, dhcp), .words = words_dhcp,
	 .normal = "authoritative", .sample = "authoritative",
	 .help = "authoritative: this is the site's DHCP server. proxy: another one gives "
		 "addresses, this one adds what to boot. relay: all requests come through relay "
		 "agents (networks). none: no DHCP; `export dhcp` prints another server's "
		 "settings."},
	{SCOPE_DHCP, "range", SCHEMA_RANGE, AT(site, range_first), .shown = true,
	 .sample = "10.9.0.100-10.9.0.199",
	 .help = "The pool for machines without an address of their own. Without it only "
		 "reserved addresses are given."},
	{SCOPE_DHCP, "gateway", SCHEMA_IP4, AT(site, gateway), .sample = "10.9.0.254",
	 .help = "The router that machines are told."},
	{SCOPE_DHCP, "dns", SCHEMA_LIST, AT(site, dns), .each = SCHEMA_IP4_TEXT,
	 .sample = "[10.9.0.1]", .normal_help = "the server itself", .holds = TOLD_MOST,
	 .help = "The name servers that machines are told, at most 16."},
	{SCOPE_DHCP, "ntp", SCHEMA_LIST, AT(site, ntp), .each = SCHEMA_IP4_TEXT,
	 .sample = "[10.9.0.1]", .normal_help = "the server itself", .holds = TOLD_MOST,
	 .help = "The time servers that machines are told, at most 16."},
	{SCOPE_DHCP, "lease", SCHEMA_TIME, AT(site, lease_s), .normal = "1h", .sample = "1h",
	 .least = 120, .most = 30 * DAY, .help = "How long a lease holds."},
	{SCOPE_DHCP, "networks", SCHEMA_ITEMS, AT(site, networks), .inner = SCOPE_NETWORK,
	 .size = sizeof(struct site_network),
	 .help = "Further networks, whose requests come through relay agents."},
	{SCOPE_NETWORK, "subnet", SCHEMA_CIDR, AT(site_network, subnet), .needed = true,
	 .shown = true, .sample = "10.8.0.0/24",
	 .help = "The network; the relay agent has an address in it."},
	{SCOPE_NETWORK, "range", SCHEMA_RANGE, AT(site_network, range_first), .shown = true,
	 .sample = "10.8.0.100-10.8.0.199",
	 .help = "The pool there. Without it only reserved addresses are given."},
	{SCOPE_NETWORK, "gateway", SCHEMA_IP4, AT(site_network, gateway), .shown = true,
	 .sample = "10.8.0.254", .help = "The router that machines there are told."},

	{SCOPE_FILE, "dns", SCHEMA_GROUP, .inner = SCOPE_DNS,
	 .help = "Names. The server answers for the site's domain by itself."},
	{SCOPE_DNS, "forward", SCHEMA_LIST, AT(site, services.forward), .each = SCHEMA_IP4_TEXT,
	 .sample = "[10.9.0.254]",
	 .normal_help = "those of dhcp.dns that are not the server",
	 .help = "The name servers that are asked for all other names. Without any, such a name is "
		 "said at once not to exist."},

	{SCOPE_FILE, "time", SCHEMA_GROUP, .inner = SCOPE_TIME,
	 .help = "The time that machines are given by NTP."},
	{SCOPE_TIME, "serve", SCHEMA_FLAG, AT(site, services.serve_time), .normal = "true",
	 .sample = "true", .help = "false: this server gives no time (another program has port "
				   "123)."},
	{SCOPE_TIME, "servers", SCHEMA_LIST, AT(site, services.time_servers), .each = SCHEMA_NAME,
	 .sample = "[10.9.0.254]", .normal_help = "none: the server's own clock",
	 .help = "Where the right time comes from: NTP servers by name or address."},
	{SCOPE_TIME, "set-clock", SCHEMA_FLAG, AT(site, services.set_clock), .normal = "false",
	 .sample = "false",
	 .help = "true: this server's own clock is set too; no other program may do that then."},

	{SCOPE_FILE, NULL, SCHEMA_INCLUDE, AT(site, boot), .inner = SCOPE_BOOT},
	{SCOPE_BOOT, "image", SCHEMA_IMAGE, AT(site_boot, image), .shown = true, .sample = "edge",
	 .help = "The image to boot: NAME (its newest generation) or NAME@GENERATION."},
	{SCOPE_BOOT, "args", SCHEMA_ARGS, AT(site_boot, args), .sample = "console=ttyS0,115200",
	 .help = "More kernel arguments."},
	{SCOPE_BOOT, "system-disk", SCHEMA_DISK, AT(site_boot, system_disk),
	 .sample = "ata-QEMU_DISK_0001", .normal_help = "the smallest blank disk",
	 .help = "The disk that keeps the machine's state: a name below /dev/disk/by-id/."},
	{SCOPE_BOOT, "state-size", SCHEMA_SIZE, AT(site_boot, state_size), .normal = "64GiB",
	 .sample = "64GiB", .least = GIB / 4, .most = GIB << 20,
	 .help = "Size of the state partition on the system disk."},
	{SCOPE_BOOT, "rest", SCHEMA_WORD, AT(site_boot, rest), .words = words_rest,
	 .normal = "unused", .sample = "unused",
	 .help = "What the rest of the system disk is for."},
	{SCOPE_BOOT, "trial", SCHEMA_TIME, AT(site_boot, trial_s), .normal = "30m",
	 .sample = "30m", .least = 10, .most = 7 * DAY,
	 .help = "How long a generation that was never healthy on the machine may take to get "
		 "there; then the machine goes back to the one that was healthy last. Time in "
		 "which it waits for the API server, for storage or for a person does not count."},
	{SCOPE_BOOT, "diskless", SCHEMA_TRUTH, AT(site_boot, diskless), .normal = "false",
	 .sample = "false", .help = "true: the machine may run from memory alone."},
	{SCOPE_BOOT, "firmware", SCHEMA_CHOICE, AT(site_boot, firmware), .words = words_firmware,
	 .sample = "ipxe-amd64.efi", .normal_help = "by the machine's firmware",
	 .help = "The iPXE binary to hand out, where the usual one does not get on with the card."},
	{SCOPE_BOOT, "user-data", SCHEMA_USER_DATA, AT(site_boot, user_data), .most = 32768,
	 .sample = "\"#cloud-config\\nruncmd: [touch /run/hello]\\n\"",
	 .normal_help = "none: cloud-init does not run",
	 .help = "What cloud-init does on the machine. Whoever has the machine's address can read "
		 "it: no secrets."},
	{SCOPE_BOOT, "network", SCHEMA_ITEMS, AT(site_boot, links), .inner = SCOPE_LINK,
	 .size = sizeof(struct site_link), .normal_help = "the card it booted by, with DHCP",
	 .help = "The machine's network interfaces once its root runs, as systemd-networkd sets "
		 "them up. The one with the card it booted by keeps the address it booted with."},
	{SCOPE_LINK, "name", SCHEMA_INTERFACE, AT(site_link, name), .needed = true, .shown = true,
	 .sample = "eno2", .help = "Its name: a bond's or VLAN's in the system; a card keeps the "
				    "system's, and is called so in this list alone."},
	{SCOPE_LINK, "nic", SCHEMA_NIC, AT(site_link, nic), .shown = true, .sample = "eno2",
	 .help = "A card: boot for the one the machine booted by, another one by its MAC address "
		 "or the system's name."},
	{SCOPE_LINK, "bond", SCHEMA_LIST, AT(site_link, bond), .each = SCHEMA_NIC,
	 .sample = "[boot, eno2]",
	 .help = "A bond of these cards: boot, MAC addresses, or names of this list."},
	{SCOPE_LINK, "mode", SCHEMA_WORD, AT(site_link, mode), .words = words_bond,
	 .normal = "802.3ad", .sample = "802.3ad",
	 .help = "How the bond's cards share: 802.3ad is LACP, which the switch must speak too."},
	{SCOPE_LINK, "vlan", SCHEMA_NUMBER, AT(site_link, vlan), .sample = "20", .least = 1,
	 .most = 4094, .help = "A VLAN with this id."},
	{SCOPE_LINK, "over", SCHEMA_NIC, AT(site_link, over), .sample = "bond0",
	 .help = "What the VLAN lies on: boot, a MAC address, or a name of this list."},
	{SCOPE_LINK, "mtu", SCHEMA_NUMBER, AT(site_link, mtu), .shown = true,
	 .normal_help = "the driver's", .sample = "9000", .least = 576, .most = 9216,
	 .help = "The largest packet, in bytes."},
	{SCOPE_LINK, "addresses", SCHEMA_LIST, AT(site_link, addresses), .each = SCHEMA_CIDR_TEXT,
	 .sample = "10.20.0.11/24",
	 .help = "Addresses it has beside the one it booted with; a machine's alone may say them."},
	{SCOPE_LINK, "gateway", SCHEMA_IP4, AT(site_link, gateway), .sample = "10.20.0.254",
	 .help = "The router for all other addresses."},
	{SCOPE_LINK, "routes", SCHEMA_ITEMS, AT(site_link, routes), .inner = SCOPE_ROUTE,
	 .size = sizeof(struct site_route), .help = "The routers of some networks."},
	{SCOPE_ROUTE, "to", SCHEMA_SUBNET, AT(site_route, to), .needed = true, .shown = true,
	 .sample = "10.30.0.0/16", .help = "The network."},
	{SCOPE_ROUTE, "via", SCHEMA_IP4, AT(site_route, via), .needed = true, .shown = true,
	 .sample = "10.20.0.1", .help = "Its router."},

	{SCOPE_FILE, "enrolment", SCHEMA_GROUP, .inner = SCOPE_ENROLMENT, .brief = "machines",
	 .sample = "listed",
	 .help = "How machines are taken in. One word is that of `machines`."},
	{SCOPE_ENROLMENT, "machines", SCHEMA_WORD, AT(site, enrolment), .words = words_enrolment,
	 .normal = "listed", .sample = "listed",
	 .help = "listed: a machine of this file is taken in by itself. approve: a person confirms "
		 "each machine's code."},
	{SCOPE_ENROLMENT, "control-plane", SCHEMA_WORD, AT(site, enrolment_control_plane),
	 .words = words_enrolment, .normal = "approve", .sample = "approve",
	 .help = "The same for control-plane machines, which get the cluster's secrets. With "
		 "listed, whoever boots first with such a machine's MAC address gets them."},
	{SCOPE_FILE, "ssh-keys", SCHEMA_LIST, AT(site, ssh_keys), .each = SCHEMA_SSH_KEY,
	 .sample = "[ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
		   "you@desk]",
	 .help = "Who may log in to the machines as root: lines as in authorized_keys."},

	{SCOPE_FILE, "kubernetes", SCHEMA_GROUP, .inner = SCOPE_KUBERNETES, .brief = "enabled",
	 .place = AT(site, kubernetes.place),
	 .help = "The cluster of machines whose image has Kubernetes. It is made without this "
		 "group too."},
	{SCOPE_KUBERNETES, "enabled", SCHEMA_FLAG, AT(site, kubernetes.enabled), .normal = "true",
	 .sample = "true", .help = "false: machines join no cluster."},
	{SCOPE_KUBERNETES, "endpoint", SCHEMA_LABEL, AT(site, kubernetes.endpoint),
	 .normal_help = "`api`", .sample = "api", .shown = true,
	 .help = "The API server's name below the site's domain; it stands for all control-plane "
		 "machines. Not to be changed once the cluster is made."},
	{SCOPE_KUBERNETES, "pod-range", SCHEMA_SUBNET, AT(site, kubernetes.pods),
	 .normal = "10.244.0.0/16", .sample = "10.244.0.0/16", .shown = true,
	 .help = "The addresses of pods: a /24 for each node. Not to be changed once the cluster "
		 "is made."},
	{SCOPE_KUBERNETES, "service-range", SCHEMA_SUBNET, AT(site, kubernetes.services),
	 .normal = "10.96.0.0/16", .sample = "10.96.0.0/16", .shown = true,
	 .help = "The cluster's own addresses of services. Not to be changed once the cluster is "
		 "made."},
	{SCOPE_KUBERNETES, "cni", SCHEMA_WORD, AT(site, kubernetes.cni), .words = words_cni,
	 .normal = "flannel", .sample = "flannel",
	 .help = "The pods' network. none: one of your own, brought by manifests."},
	{SCOPE_KUBERNETES, "manifests", SCHEMA_LIST, AT(site, kubernetes.manifests),
	 .each = SCHEMA_FILE, .sample = "[manifests/own.yaml]",
	 .help = "Files of your own in the site directory, applied after the pods' network."},
	{SCOPE_KUBERNETES, "kubelet", SCHEMA_VALUES, AT(site, kubernetes.kubelet),
	 .sample = "{maxPods: 64}",
	 .help = "Members of the nodes' KubeletConfiguration, passed on as they are."},
	{SCOPE_KUBERNETES, "api-server", SCHEMA_PAIRS, AT(site, kubernetes.api_server),
	 .most = 1024, .sample = "{event-ttl: 2h}",
	 .help = "Flags of kube-apiserver without their dashes, passed on as they are."},
	{SCOPE_KUBERNETES, NULL, SCHEMA_REFUSED, .words = words_version,
	 .help = "is not said here: the version is that of the machines' image"},

	{SCOPE_FILE, "load-balancer", SCHEMA_GROUP, .inner = SCOPE_BALANCER,
	 .place = AT(site, load_balancer.place),
	 .help = "Addresses for services of type LoadBalancer, given and announced by MetalLB."},
	{SCOPE_BALANCER, "announce", SCHEMA_WORD, AT(site, load_balancer.announce),
	 .words = words_announce, .normal = "l2", .sample = "l2", .shown = true,
	 .help = "l2: one node answers ARP for the address. bgp: nodes tell their racks' routers."},
	{SCOPE_BALANCER, "interfaces", SCHEMA_LIST, AT(site, load_balancer.interfaces),
	 .each = SCHEMA_INTERFACE, .sample = "[eno1]", .normal_help = "all of the node's",
	 .help = "l2: the nodes' network cards that answer."},
	{SCOPE_BALANCER, "asn", SCHEMA_NUMBER, AT(site, load_balancer.asn), .sample = "64512",
	 .least = 1, .most = ASN_MOST, .help = "bgp: the nodes' AS number."},
	{SCOPE_BALANCER, "communities", SCHEMA_LIST, AT(site, load_balancer.communities),
	 .each = SCHEMA_COMMUNITY, .sample = "[\"64512:100\"]",
	 .help = "bgp: communities of the announced routes."},
	{SCOPE_BALANCER, "aggregation", SCHEMA_NUMBER, AT(site, load_balancer.aggregation),
	 .normal = "32", .sample = "32", .least = 1, .most = 32,
	 .help = "bgp: the prefix length that is announced."},
	{SCOPE_BALANCER, "local-preference", SCHEMA_NUMBER,
	 AT(site, load_balancer.local_preference), .sample = "100", .least = 1, .most = ASN_MOST,
	 .help = "bgp: LOCAL_PREF of the announced routes, for a router of the same AS."},
	{SCOPE_BALANCER, "pools", SCHEMA_ITEMS, AT(site, load_balancer.pools),
	 .inner = SCOPE_POOL, .size = sizeof(struct site_pool), .shown = true,
	 .help = "The addresses, outside of all others."},
	{SCOPE_POOL, "name", SCHEMA_LABEL, AT(site_pool, name), .needed = true, .shown = true,
	 .sample = "public", .help = "The pool's name, which a service can ask for."},
	{SCOPE_POOL, "addresses", SCHEMA_LIST, AT(site_pool, addresses), .each = SCHEMA_POOL,
	 .needed = true, .shown = true, .sample = "10.9.0.200-10.9.0.220",
	 .help = "What it gives out."},
	{SCOPE_POOL, "racks", SCHEMA_LIST, AT(site_pool, racks), .each = SCHEMA_LABEL,
	 .sample = "[r1]", .normal_help = "all", .help = "Only nodes of these racks announce it."},
	{SCOPE_POOL, "auto-assign", SCHEMA_FLAG, AT(site_pool, auto_assign), .normal = "true",
	 .sample = "true", .help = "false: only services that ask for this pool get of it."},

	{SCOPE_FILE, "storage", SCHEMA_GROUP, .inner = SCOPE_STORAGE,
	 .place = AT(site, storage.place),
	 .help = "Storage on the machines' disks: Ceph, run by Rook. Without this group there is "
		 "none."},
	{SCOPE_STORAGE, "replicas", SCHEMA_NUMBER, AT(site, storage.replicas), .sample = "3",
	 .normal_help = "3, or as many as there are failure domains", .least = 1, .most = 10,
	 .help = "How many copies are kept of everything, each in another failure domain."},
	{SCOPE_STORAGE, "failure-domain", SCHEMA_WORD, AT(site, storage.failure_domain),
	 .words = words_domain, .normal = "host", .sample = "host", .shown = true,
	 .help = "What may fail at once without loss."},
	{SCOPE_STORAGE, "devices", SCHEMA_ITEMS, AT(site, storage.rules), .inner = SCOPE_DEVICES,
	 .size = sizeof(struct site_device_rule), .normal_help = "any blank disk",
	 .help = "Which blank disks are taken, on machines that do not name theirs."},
	{SCOPE_DEVICES, "size", SCHEMA_SIZES, AT(site_device_rule, size_least), .shown = true,
	 .sample = "100GiB-", .least = 1, .most = GIB << 20,
	 .help = "Disks from and up to a size."},
	{SCOPE_DEVICES, "type", SCHEMA_CHOICE, AT(site_device_rule, type), .words = words_disk,
	 .sample = "ssd", .help = "Disks of a kind; nvme is no ssd here."},
	{SCOPE_DEVICES, "model", SCHEMA_TEXT, AT(site_device_rule, model), .sample = "PM1643",
	 .most = 64, .help = "Disks whose model has this in its name, in small or large letters."},
	{SCOPE_STORAGE, "object-store", SCHEMA_FLAG, AT(site, storage.object_store),
	 .normal = "false", .sample = "true", .help = "true: an S3 service too."},

	{SCOPE_FILE, "racks", SCHEMA_ITEMS, AT(site, racks), .inner = SCOPE_RACK,
	 .size = sizeof(struct site_rack), .help = "Where machines stand."},
	{SCOPE_RACK, "name", SCHEMA_LABEL, AT(site_rack, name), .needed = true, .shown = true,
	 .sample = "r1", .help = "The rack's name."},
	{SCOPE_RACK, "labels", SCHEMA_PAIRS, AT(site_rack, labels), .shown = true,
	 .sample = "{row: a}", .help = "Words of your own that rules can match."},
	{SCOPE_RACK, "zone", SCHEMA_VALUE, AT(site_rack, zone), .sample = "east",
	 .help = "The zone of its machines: their nodes' topology.kubernetes.io/zone."},
	{SCOPE_RACK, "router", SCHEMA_GROUP, .inner = SCOPE_ROUTER,
	 .help = "The BGP router that the rack's nodes tell their addresses to."},
	{SCOPE_ROUTER, "address", SCHEMA_IP4, AT(site_rack, router.address), .needed = true,
	 .shown = true, .sample = "10.9.0.254", .help = "The router's address."},
	{SCOPE_ROUTER, "asn", SCHEMA_NUMBER, AT(site_rack, router.asn), .needed = true,
	 .shown = true, .sample = "64500", .least = 1, .most = ASN_MOST,
	 .help = "The router's AS number."},
	{SCOPE_ROUTER, "password", SCHEMA_TEXT, AT(site_rack, router.password), .most = 80,
	 .secret = true,
	 .sample = "secret", .help = "The session's password (RFC 2385)."},
	{SCOPE_ROUTER, "multihop", SCHEMA_FLAG, AT(site_rack, router.multihop), .normal = "false",
	 .sample = "false", .help = "true: it is not in the nodes' own subnet."},
	{SCOPE_ROUTER, NULL, SCHEMA_REFUSED, .words = words_frr,
	 .help = "is FRR's: MetalLB runs in its native mode here, which cannot do it"},

	{SCOPE_FILE, "profiles", SCHEMA_ITEMS, AT(site, profiles), .inner = SCOPE_PROFILE,
	 .size = sizeof(struct site_profile),
	 .help = "Settings that several machines share. What is said here goes before what the "
		 "site says, and what a machine says before both."},
	{SCOPE_PROFILE, "name", SCHEMA_LABEL, AT(site_profile, name), .needed = true, .shown = true,
	 .sample = "small", .help = "The profile's name."},
	{SCOPE_PROFILE, NULL, SCHEMA_INCLUDE, AT(site_profile, boot), .inner = SCOPE_BOOT},

	{SCOPE_FILE, "rules", SCHEMA_ITEMS, AT(site, rules), .inner = SCOPE_RULE,
	 .size = sizeof(struct site_rule),
	 .help = "Which machines get which profile; the first rule that fits wins."},
	{SCOPE_RULE, "match", SCHEMA_PAIRS, AT(site_rule, match), .shown = true,
	 .sample = "{arch: arm64}", .normal_help = "every machine",
	 .help = "What the machine must be: its labels and its rack's, and arch, platform, "
		 "manufacturer, product, rack, known (true or false)."},
	{SCOPE_RULE, "profile", SCHEMA_LABEL, AT(site_rule, profile), .shown = true,
	 .sample = "small", .help = "The profile such a machine gets."},
	{SCOPE_RULE, "approve", SCHEMA_FLAG, AT(site_rule, approve), .normal = "false",
	 .sample = "false",
	 .help = "true: a machine that is not in this file but fits is taken in without a person."},

	{SCOPE_FILE, "machines", SCHEMA_ITEMS, AT(site, machines), .inner = SCOPE_MACHINE,
	 .size = sizeof(struct site_machine),
	 .help = "The machines; files in machines.d/ hold more of them."},
	{SCOPE_MACHINE, "name", SCHEMA_LABEL, AT(site_machine, name), .needed = true, .shown = true,
	 .sample = "n1", .help = "The machine's name, and its node's."},
	{SCOPE_MACHINE, "mac", SCHEMA_LIST, AT(site_machine, macs), .each = SCHEMA_MAC,
	 .shown = true, .sample = "\"52:54:00:00:00:01\"",
	 .help = "The MAC address of its boot card, or a list of all it may boot from. "
		 "A machine needs a mac, uuid or serial to be known by."},
	{SCOPE_MACHINE, "uuid", SCHEMA_UUID, AT(site_machine, uuid),
	 .sample = "4c4c4544-0042-3510-8052-b4c04f4a4a32", .help = "Its system UUID (DMI)."},
	{SCOPE_MACHINE, "serial", SCHEMA_TEXT, AT(site_machine, serial), .most = 128,
	 .sample = "\"7FQ2V03\"", .help = "Its serial number (DMI)."},
	{SCOPE_MACHINE, "arch", SCHEMA_WORD, AT(site_machine, arch), .words = words_arch,
	 .normal = "any", .sample = "amd64",
	 .help = "Its architecture; any: what it says of itself."},
	{SCOPE_MACHINE, "rack", SCHEMA_LABEL, AT(site_machine, rack), .sample = "r1",
	 .help = "The rack it stands in."},
	{SCOPE_MACHINE, "address", SCHEMA_IP4, AT(site_machine, address), .sample = "10.9.0.11",
	 .normal_help = "one of the pool", .help = "An address reserved for it, outside the pool."},
	{SCOPE_MACHINE, "profile", SCHEMA_LABEL, AT(site_machine, profile), .sample = "small",
	 .normal_help = "by the rules", .help = "Its profile, named by hand."},
	{SCOPE_MACHINE, "labels", SCHEMA_PAIRS, AT(site_machine, labels), .sample = "{use: web}",
	 .help = "Words of your own that rules can match; they are its node's labels too."},
	{SCOPE_MACHINE, "roles", SCHEMA_BITS, AT(site_machine, roles), .words = words_role,
	 .sample = "[worker]",
	 .normal_help = "worker; where no machine says any, the first is control-plane and worker",
	 .help = "What its node does. storage and load-balancer are for all workers where "
		 "`storage` and pools stand and no machine has that role. dpu: an ARM64 "
		 "network card with a system of its own, which gets pods only where they "
		 "ask for it."},
	{SCOPE_MACHINE, "taints", SCHEMA_LIST, AT(site_machine, taints), .each = SCHEMA_TAINT,
	 .sample = "[\"use=web:NoSchedule\"]", .help = "Its node's taints."},
	{SCOPE_MACHINE, "zone", SCHEMA_VALUE, AT(site_machine, zone), .sample = "east",
	 .normal_help = "its rack's", .help = "Its zone: the node's topology.kubernetes.io/zone."},
	{SCOPE_MACHINE, "host", SCHEMA_LABEL, AT(site_machine, host), .sample = "n1",
	 .help = "dpu: the machine it sits in."},
	{SCOPE_MACHINE, "devices", SCHEMA_LIST, AT(site_machine, devices), .each = SCHEMA_DISK,
	 .sample = "[nvme-PM1643_S4TEST1]", .normal_help = "by `storage: devices`",
	 .help = "The disks it gives to storage: names below /dev/disk/by-id/."},
	{SCOPE_MACHINE, NULL, SCHEMA_INCLUDE, AT(site_machine, boot), .inner = SCOPE_BOOT},
};

const size_t schema_nrows = sizeof(schema_rows) / sizeof(schema_rows[0]);

const struct schema_row *
schema_find(enum schema_scope scope, const char *key, size_t *ret_shift)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i], *inner;

		if (row->scope != scope)
			continue;
		if (row->type == SCHEMA_INCLUDE) {
			inner = schema_find(row->inner, key, ret_shift);
			if (inner) {
				*ret_shift += row->offset;
				return inner;
			}
		} else if (row->key && strcmp(row->key, key) == 0) {
			*ret_shift = 0;
			return row;
		}
	}
	return NULL;
}

static size_t
keys_add(enum schema_scope scope, const char *ret[SCHEMA_ROWS_MOST + 1], size_t count)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		if (schema_rows[i].scope != scope)
			continue;
		if (schema_rows[i].type == SCHEMA_INCLUDE) {
			count = keys_add(schema_rows[i].inner, ret, count);
			continue;
		}
		if (!schema_rows[i].key)
			continue;
		assert(count < SCHEMA_ROWS_MOST);
		ret[count++] = schema_rows[i].key;
	}
	return count;
}

void
schema_keys(enum schema_scope scope, const char *ret[SCHEMA_ROWS_MOST + 1])
{
	ret[keys_add(scope, ret, 0)] = NULL;
}

static void
walk_scope(schema_visit *visit, void *user, const char *title, enum schema_scope scope)
{
	visit(user, scope == SCOPE_FILE ? "At the top" : title, scope);
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];
		bool many = row->type == SCHEMA_ITEMS, boot = row->type == SCHEMA_INCLUDE;
		char *inner;

		if (row->scope != scope || (!many && !boot && row->type != SCHEMA_GROUP) ||
		    (boot && scope != SCOPE_FILE))
			continue;
		inner = str_format("%s%s%s%s", title, title[0] ? ": " : "",
				   boot ? "Boot settings" : row->key,
				   many ? " (each of them)" : "");
		walk_scope(visit, user, inner, row->inner);
		free(inner);
	}
}

void
schema_walk(schema_visit *visit, void *user)
{
	walk_scope(visit, user, "", SCOPE_FILE);
}

/* "Not said here": -1 for numbers; pointers are NULL already. */
static void
unsay(const struct schema_row *row, void *field)
{
	if (row->type == SCHEMA_WORD || row->type == SCHEMA_TRUTH)
		*(int *)field = -1;
	else if (row->type == SCHEMA_SIZE || row->type == SCHEMA_TIME)
		*(int64_t *)field = -1;
}

void
schema_defaults(enum schema_scope scope, void *base, bool inherit)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];
		char *field = (char *)base + row->offset;
		int code = 0;

		if (row->scope != scope)
			continue;
		if (row->type == SCHEMA_GROUP)
			schema_defaults(row->inner, base, inherit);
		else if (row->type == SCHEMA_INCLUDE)
			schema_defaults(row->inner, field, inherit);
		else if (scope == SCOPE_BOOT && inherit)
			unsay(row, field);
		else if (row->type == SCHEMA_LIST)
			((struct site_list *)(void *)field)->items = mem_new(sizeof(char *));
		else if (row->normal)
			code = schema_take(row, row->normal, field);
		assert(code == 0);
	}
}
