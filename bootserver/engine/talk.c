/*
 * From packets to sentences: who asks, who answers, what is missing, what to do about it.  See
 * talk.h.
 */
#include "engine/talk.h"

#include <stdio.h>
#include <string.h>

#include "dnsmasq/dnsmasq.h"
#include "lib/json.h"
#include "lib/str.h"

#define UNANSWERED_MS 8000	/* two questions and some patience */
#define IDLE_MS 20000		/* from an address to the first file, at least */
#define PXE_PORT 4011

static void __attribute__((format(printf, 3, 4)))
say(struct talk_word *word, bool trouble, const char *fmt, ...)
{
	va_list args;

	word->trouble = trouble;
	va_start(args, fmt);
	vsnprintf(word->text, sizeof(word->text), fmt, args);
	va_end(args);
}

static bool
leases(const struct talk_site *at)
{
	return at->site->dhcp == SITE_DHCP_AUTHORITATIVE || at->site->dhcp == SITE_DHCP_RELAY;
}

/* The row of an architecture's number, or NULL. */
static const struct dnsmasq_arch *
arch_of(int64_t number)
{
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++)
		if (arch->number == number)
			return arch;
	return NULL;
}

/* "firmware (x86_64 UEFI)", "iPXE", … */
static void
who(char ret[80], const struct talk *talk)
{
	const struct dnsmasq_arch *arch = arch_of(talk->arch);

	if (talk->ipxe)
		str_copy(ret, 80, "iPXE");
	else if (arch != NULL)
		snprintf(ret, 80, "firmware (%s)", arch->what);
	else if (talk->arch >= 0)
		snprintf(ret, 80, "firmware (architecture %d)", (int)talk->arch);
	else
		str_copy(ret, 80, talk->boots ? "firmware" : "an operating system");
}

/* ", through relay 10.8.0.254 (circuit ge-0/0/3, remote 0a0b)", or nothing. */
static void
through(char ret[200], const struct talk *talk)
{
	ret[0] = '\0';
	if (talk->relay[0] == '\0')
		return;
	if (talk->circuit[0] == '\0' && talk->remote[0] == '\0')
		snprintf(ret, 200, ", through relay %s", talk->relay);
	else
		snprintf(ret, 200, ", through relay %s (%s%s%s%s%s)", talk->relay,
			 talk->circuit[0] ? "circuit " : "", talk->circuit,
			 talk->circuit[0] && talk->remote[0] ? ", " : "",
			 talk->remote[0] ? "remote " : "", talk->remote);
}

static bool
as_ipxe(const json_t *heard)
{
	return json_flag(heard, "ipxe", false);
}

static bool
as_boot(const json_t *heard)
{
	const char *vendor = json_str(heard, "vendor", "");

	return as_ipxe(heard) || str_starts(vendor, "PXEClient") ||
	       str_starts(vendor, "HTTPClient");
}

/* A new conversation of the same client: firmware, then iPXE, then a system. */
static void
begin(struct talk *talk, const json_t *heard)
{
	talk->ipxe = as_ipxe(heard);
	talk->boots = as_boot(heard);
	talk->arch = json_num(heard, "arch", -1);
	talk->took_ms = 0;
	talk->asks_4011 = 0;
	talk->file[0] = talk->address[0] = talk->server[0] = '\0';
	talk->told_idle = false;
}

static void
note_relay(struct talk *talk, const json_t *heard)
{
	str_copy(talk->relay, sizeof(talk->relay), json_str(heard, "relay", ""));
	str_copy(talk->circuit, sizeof(talk->circuit), json_str(heard, "circuit", ""));
	str_copy(talk->remote, sizeof(talk->remote), json_str(heard, "remote", ""));
}

static void
hear_discover(struct talk *talk, const json_t *heard, int64_t now_ms, struct talk_word *ret)
{
	char name[80], relay[200];

	/* a relay's copy of a broadcast that was heard itself is the same question */
	if (talk->asks == 0 || talk->ipxe != as_ipxe(heard) || talk->boots != as_boot(heard)) {
		begin(talk, heard);
		talk->asked_ms = now_ms;
		talk->asks = 0;
		talk->answered = talk->told_unanswered = false;
	}
	talk->asks++;
	note_relay(talk, heard);
	if (!talk->boots)
		return;
	who(name, talk);
	through(relay, talk);
	say(ret, false, "%s asks for an address%s", name, relay);
}

/* Is this server named to the client's operator already?  Remembers it. */
static bool
named(struct talk *talk, const char *server)
{
	for (int i = 0; i < TALK_SERVERS; i++) {
		if (strcmp(talk->others[i], server) == 0)
			return true;
		if (talk->others[i][0] == '\0') {
			str_copy(talk->others[i], sizeof(talk->others[i]), server);
			return false;
		}
	}
	return true;
}

static void
took(struct talk *talk, const char *address, const char *server, int64_t now_ms)
{
	talk->took_ms = now_ms;
	talk->asks = 0;
	talk->asked_ms = 0;
	str_copy(talk->address, sizeof(talk->address), address);
	str_copy(talk->server, sizeof(talk->server), server);
}

/* The client says whose offer it takes: in a broadcast, so that the others know (RFC 2131, 3.1). */
static void
hear_request(struct talk *talk, const struct talk_site *at, const json_t *heard, int64_t now_ms,
	     struct talk_word *ret)
{
	const char *server = json_str(heard, "server", ""), *asked = json_str(heard, "asked", "");
	char name[80];

	note_relay(talk, heard);
	if (server[0] == '\0' || strcmp(server, at->server) == 0)
		return;
	took(talk, asked, server, now_ms);
	who(name, talk);
	if (leases(at) && !named(talk, server))
		say(ret, true, "%s takes %s from another DHCP server, %s: take that off this "
		    "segment, or set dhcp: {mode: proxy} if it is the site's", name, asked, server);
	else if (!leases(at) && talk->boots) {
		say(ret, false, "%s has %s from the DHCP server %s", name, asked, server);
		ret->done = true;
	}
}

/* An offer or an answer that is not ours. */
static void
hear_other(struct talk *talk, const struct talk_site *at, const json_t *heard,
	   struct talk_word *ret)
{
	const char *server = json_str(heard, "server", json_str(heard, "ip", "?"));
	const char *file = json_str(heard, "file", ""), *next = json_str(heard, "next", "");
	const char *given = json_str(heard, "given", "");

	if (!talk->boots || (!leases(at) && file[0] == '\0') || named(talk, server))
		return;
	if (at->site->dhcp == SITE_DHCP_NONE && strcmp(next, at->server) == 0)
		return;		/* it points here, as it should */
	if (file[0] != '\0')
		say(ret, true, "another PXE server, %s, offers the boot file %s%s%s: whichever is "
		    "faster boots this machine; take that setting away there", server, file,
		    next[0] ? " of " : "", next);
	else if (given[0] != '\0')
		say(ret, true, "another DHCP server, %s, offers %s: take it off this segment, or "
		    "set dhcp: {mode: proxy} if it is the site's", server, given);
	else
		say(ret, true, "another server, %s, answers PXE requests: take it off this segment",
		    server);
}

static void
hear_reply(struct talk *talk, const struct talk_site *at, const json_t *heard, int64_t now_ms,
	   struct talk_word *ret)
{
	const char *kind = json_str(heard, "kind", ""), *given = json_str(heard, "given", "");
	const char *server = json_str(heard, "server", json_str(heard, "ip", ""));
	const char *file = json_str(heard, "file", "");
	bool ours = strcmp(server, at->server) == 0;

	if (strcmp(kind, "nak") == 0) {
		say(ret, true, "%s refuses the address that it asks for: it will ask for another",
		    ours ? "this server" : server);
		return;
	}
	talk->answered = true;
	if (file[0] != '\0' && (ours || at->site->dhcp == SITE_DHCP_NONE))
		str_copy(talk->file, sizeof(talk->file), file);
	if (!ours)
		hear_other(talk, at, heard, ret);
	if (given[0] != '\0') {
		talk->asks = 0;
		talk->asked_ms = 0;
	}
	if (given[0] != '\0' && strcmp(kind, "ack") == 0)
		took(talk, given, server, now_ms);
}

void
talk_hear(struct talk *talk, const struct talk_site *at, const json_t *heard, int64_t now_ms,
	  struct talk_word *ret)
{
	const char *kind = json_str(heard, "kind", ""), *fault = json_str(heard, "fault", "");
	bool reply = json_flag(heard, "reply", false);
	char name[80];

	memset(ret, 0, sizeof(*ret));
	if (reply)
		hear_reply(talk, at, heard, now_ms, ret);
	else if (json_num(heard, "port", 0) == PXE_PORT)
		talk->asks_4011++;
	else if (strcmp(kind, "discover") == 0 || strcmp(kind, "bootp") == 0)
		hear_discover(talk, heard, now_ms, ret);
	else if (strcmp(kind, "request") == 0)
		hear_request(talk, at, heard, now_ms, ret);
	else if (strcmp(kind, "decline") == 0)
		say(ret, true, "it declines %s: another machine uses that address",
		    json_str(heard, "asked", "its address"));
	else if (strcmp(kind, "unknown") == 0 && !talk->boots)
		begin(talk, heard);	/* option 53 itself is at fault: that is to be told */
	if (fault[0] == '\0')
		return;
	who(name, talk);
	if (reply)
		say(ret, true, "the server %s sends a malformed packet: %s",
		    json_str(heard, "server", json_str(heard, "ip", "?")), fault);
	else
		say(ret, true, "%s sends a malformed packet: %s; look for newer firmware", name,
		    fault);
}

/* Nobody gave it an address. */
static void
unanswered(const struct talk *talk, const struct talk_site *at, struct talk_word *ret)
{
	uint32_t relay;
	char name[80];

	who(name, talk);
	if (talk->relay[0] != '\0' && net_ip4_parse(&relay, talk->relay) == 0 && leases(at) &&
	    site_network_of(at->site, relay) == NULL)
		say(ret, true, "%s asked %d times through relay %s, which is in no network of the "
		    "site: add its subnet to dhcp.networks", name, talk->asks, talk->relay);
	else if (at->site->dhcp == SITE_DHCP_AUTHORITATIVE)
		say(ret, true, "%s asked %d times and was given no address: is the pool used up, "
		    "or is there none (dhcp.range, or an address for the "
		    "machine)?", name, talk->asks);
	else if (at->site->dhcp == SITE_DHCP_RELAY)
		say(ret, true, "%s asked %d times and was given no address: it asks on the "
		    "server's own segment, not through a relay agent (dhcp: {mode: authoritative} "
		    "answers both)", name, talk->asks);
	else if (talk->answered)
		say(ret, true, "%s asked %d times and no DHCP server gave it an address: this "
		    "server adds only what to boot; is the site's DHCP server "
		    "running?", name, talk->asks);
	else
		say(ret, true, "%s asked %d times and nobody answered: is the site's DHCP server "
		    "running, and on this segment?", name, talk->asks);
}

/* It has an address and fetches nothing. */
static void
idle(const struct talk *talk, const struct talk_site *at, struct talk_word *ret)
{
	bool proxy = at->site->dhcp == SITE_DHCP_PROXY;
	char name[80];

	who(name, talk);
	if (proxy && talk->asks_4011 > 0)
		say(ret, true, "%s asked port 4011 %d times and took no file: this firmware "
		    "ignores proxy offers; give it a reservation with the boot file in the DHCP "
		    "server %s (`bootserver export dhcp`)", name, talk->asks_4011, talk->server);
	else if (talk->file[0] != '\0')
		say(ret, true, "%s was told %s and has not fetched it: is %s open between it and "
		    "%s?", name, talk->file, str_starts(talk->file, "http") ? "the way" :
		    "UDP port 69", at->server);
	else if (at->site->dhcp == SITE_DHCP_NONE)
		say(ret, true, "%s has %s from %s, which names no boot file: `bootserver export "
		    "dhcp` prints its settings", name, talk->address, talk->server);
	else if (arch_of(talk->arch) == NULL)
		say(ret, true, "%s has %s and was offered no file: there is no iPXE for that kind "
		    "of firmware here; set it to UEFI or BIOS network boot", name, talk->address);
	else
		say(ret, true, "%s has %s and asks for nothing more: it did not take the boot "
		    "offer of %s; is network boot over IPv4 (PXE) "
		    "on?", name, talk->address, at->server);
}

void
talk_silence(struct talk *talk, const struct talk_site *at, int64_t now_ms, struct talk_word *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!talk->boots)
		return;
	if (talk->asked_ms != 0 && talk->asks >= 2 && !talk->told_unanswered &&
	    now_ms - talk->asked_ms >= UNANSWERED_MS) {
		talk->told_unanswered = true;
		unanswered(talk, at, ret);
	} else if (talk->took_ms != 0 && !talk->told_idle && now_ms - talk->took_ms >= IDLE_MS) {
		talk->told_idle = true;
		idle(talk, at, ret);
	}
}
