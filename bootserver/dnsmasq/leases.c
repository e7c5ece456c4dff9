/*
 * Leases that stand in the way of a reservation.  dnsmasq gives a reserved address to its machine
 * only when no other has it on lease ("not using configured address …"), and knows of no way to
 * end a lease but its file, which it reads when it starts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dnsmasq/dnsmasq.h"
#include "dnsmasq/hosts.h"
#include "lib/net.h"
#include "lib/str.h"

#define STRUCK '#'	/* as a line's first byte: those of the file are digits */

/* A line of the lease file (lease_update_file() of dnsmasq's lease.c): expiry, MAC, address, … */
struct lease {
	char mac[NET_MAC_TEXT];
	uint32_t address;
	char *line;
};

static bool
parse_lease(struct lease *ret, char *line)
{
	char head[64], ip[NET_IP4_TEXT];

	*ret = (struct lease){ .line = line };
	snprintf(head, sizeof(head), "%.63s", line);
	return sscanf(head, "%*20[0-9] %17[0-9a-f:] %15[0-9.] ", ret->mac, ip) == 2 &&
	       net_ip4_parse(&ret->address, ip) == 0;
}

static int
by_address(const void *a, const void *b)
{
	const struct lease *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* All of the file in the order of addresses; the caller frees. */
static struct lease *
parse_leases(char *text, size_t *ret_count)
{
	struct lease *leases;
	size_t count = 0, lines = 1;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	leases = mem_new(lines * sizeof(*leases));
	for (char *line = text; *line; line += *line == '\n') {
		count += parse_lease(&leases[count], line);
		line += strcspn(line, "\n");
	}
	qsort(leases, count, sizeof(*leases), by_address);
	*ret_count = count;
	return leases;
}

/* Is the line for this MAC: does it name it, or is it for all of a tag that the MAC sets? */
static bool
is_for(const char *line, size_t len, const char *mac, const char *conf)
{
	static const char tag[] = "tag:";
	const size_t head = sizeof(tag) - 1;
	char *set;
	bool is;

	if (strncmp(line, tag, head) != 0)
		return memmem(line, len, mac, strlen(mac)) != NULL;
	set = str_format("\n" HOSTS_SET "%.*s,%s\n", (int)strcspn(line + head, ","), line + head,
			 mac);
	is = strstr(conf, set) != NULL;
	free(set);
	return is;
}

/* One line of the reservations: the lease of its address is struck unless a MAC of it has it. */
static void
strike(const struct lease *leases, size_t count, const char *line, const char *conf)
{
	const size_t len = strcspn(line, "\n");
	char ip[NET_IP4_TEXT];
	struct lease wanted;
	const struct lease *found;
	size_t word;

	for (const char *at = line; at < line + len; at += word + 1) {
		word = strcspn(at, ",\n");
		if (word >= sizeof(ip))
			continue;
		snprintf(ip, sizeof(ip), "%.*s", (int)word, at);
		if (net_ip4_parse(&wanted.address, ip) < 0)
			continue;
		found = bsearch(&wanted, leases, count, sizeof(*leases), by_address);
		if (found && !is_for(line, len, found->mac, conf))
			found->line[0] = STRUCK;
	}
}

static void
remove_struck(char *text)
{
	char *to = text;
	size_t len;

	for (const char *line = text; *line; line += len) {
		len = strcspn(line, "\n");
		len += line[len] == '\n';
		if (line[0] == STRUCK)
			continue;
		memmove(to, line, len);
		to += len;
	}
	*to = '\0';
}

char *
dnsmasq_leases(const char *leases, const char *hosts, const char *conf)
{
	char *ret = str_dup(leases);
	size_t count;
	struct lease *list = parse_leases(ret, &count);

	for (const char *line = hosts; *line; line += *line == '\n') {
		strike(list, count, line, conf);
		line += strcspn(line, "\n");
	}
	free(list);
	remove_struck(ret);
	return ret;
}
