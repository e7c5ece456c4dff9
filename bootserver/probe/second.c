/*
 * The second life: iPXE.  EFI: it looks for autoexec.ipxe beside itself; BIOS, and where there is
 * none: it asks DHCP and runs what that names.  Then scripts rule (script.h), and this is the house
 * they stand in.
 */
#include "probe/pxe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lwip/timeouts.h>

#include "lib/clock.h"
#include "lib/hex.h"
#include "lib/net.h"
#include "lib/stamp.h"
#include "lib/str.h"

#define SCRIPT_MOST (1024 * 1024)	/* what may be a script; iPXE itself is below it, too */
#define ANEW_MS 3000

static void ask_dhcp(struct pxe *pxe);

/* --- what a script may begin --- */

static void
end_soon(void *arg)
{
	struct pxe *pxe = arg;

	script_ended(&pxe->script, pxe->result);
}

/* A command of the script ends, after a while. */
static void
end_command(struct pxe *pxe, int rc, uint32_t ms)
{
	pxe->result = rc;
	sys_timeout(ms, end_soon, pxe);
}

/* Which phase a file belongs to: by what is asked for. */
static enum pxe_phase
phase_of(const struct pxe *pxe, const struct script_fetch *what)
{
	if (strstr(what->url, "/boot.ipxe") != NULL)
		return PXE_IPXE;
	if (strstr(what->url, "/v1/boot") != NULL)
		return PXE_SCRIPT;
	if (str_eq(what->name, "kernel") || str_eq(what->command, "kernel"))
		return PXE_KERNEL;
	return what->initrd ? PXE_INITRD : pxe->phase;
}

/* What nobody minds if it fails: told to the server, not asked of it. */
static bool
is_report(const struct pxe *pxe)
{
	return strstr(pxe->get.url.path, "/v1/report") != NULL;
}

/* A blob is named by its digest; -EBADMSG for other bytes. */
static int
check_digest(struct pxe *pxe)
{
	const char *name = strstr(pxe->get.url.path, "/blob/");
	char promised[SHA256_TEXT];

	if (name == NULL)
		return 0;
	snprintf(promised, sizeof(promised), "%.64s", name + 6);
	if (!hex_is_sha256(promised) || str_eq(promised, pxe->get.sha256))
		return 0;
	pxe_fault(pxe, "%s is not what was promised: the digest of its %llu bytes is %.12s…, the "
		   "script says %.12s…: `bootserver image verify` on the server tells more",
		   pxe->fetching.name, (unsigned long long)pxe->get.size, pxe->get.sha256,
		   promised);
	return -EBADMSG;
}

static void
keep_image(struct pxe *pxe)
{
	struct script_image image = { .size = pxe->get.size };
	bool is_script = pxe->get.size == pxe->get.body.len &&
			 strlen(pxe->get.body.text) == pxe->get.body.len &&
			 script_is_script(pxe->get.body.text);

	str_copy(image.name, sizeof(image.name), pxe->fetching.name);
	memcpy(image.sha256, pxe->get.sha256, sizeof(image.sha256));
	if (is_script)
		image.text = pxe->get.body.text;
	script_add_image(&pxe->script, &image);
	if (is_script)
		pxe->base = pxe->get.url;
}

static void
tell_file(struct pxe *pxe, enum pxe_phase phase)
{
	struct pxe_report *report = &pxe->reports[phase];
	const struct get *get = &pxe->get;

	report->bytes += get->size;
	report->again += get->again + get->later;
	if (phase == PXE_IPXE)
		pxe_done(pxe, phase, "greeted by %s://%s", url_scheme_name(get->url.scheme),
			  get->url.host);
	else if (report->ended_ms != 0 && phase == PXE_INITRD)
		report->ended_ms = clock_mono_ms();	/* the small ones behind it */
	else if (phase == PXE_KERNEL || phase == PXE_INITRD)
		pxe_done(pxe, phase, "%llu KiB, digest %s",
			  (unsigned long long)(get->size + 1023) / 1024,
			  strstr(get->url.path, "/blob/") != NULL ? "right" : "not known");
	else if (phase == PXE_SCRIPT)
		pxe_done(pxe, phase, "%llu bytes", (unsigned long long)get->size);
}

static const char *
advice(const struct get *get, int rc)
{
	if (rc == -ENOENT)
		return ": is it there, and readable?";
	if (rc == -EKEYREJECTED && get->root != NULL)
		return ": iPXE says «Permission denied» there; is the CA that of the site which "
		       "answers?";
	return "";
}

static void
fetched(void *arg, int rc)
{
	struct pxe *pxe = arg;

	pxe->getting = false;
	if (rc < 0 && !is_report(pxe))
		pxe_fault(pxe, "%s%s", pxe->get.why.text, advice(&pxe->get, rc));
	if (rc == 0 && check_digest(pxe) < 0 && !pxe->firmware->efi)
		rc = -EBADMSG;		/* iPXE on BIOS would run it: the probe does not */
	if (rc == 0 && !is_report(pxe)) {
		keep_image(pxe);
		tell_file(pxe, pxe->phase);
	}
	if (pxe->end == PXE_OPEN)
		script_ended(&pxe->script, rc);
}

static void
host_fetch(void *arg, const struct script_fetch *what)
{
	struct pxe *pxe = arg;
	struct url url;

	if (pxe->end != PXE_OPEN)
		return;
	if (url_parse(&url, what->url, &pxe->base) < 0) {
		pxe_fault(pxe, "a script asks for %s, which is no address that iPXE reads",
			   what->url);
		end_command(pxe, -EINVAL, 0);
		return;
	}
	pxe->said[0] = '\0';
	pxe->fetching = *what;
	pxe->fetching.url = NULL;	/* the script's */
	pxe_begin(pxe, phase_of(pxe, what));
	pxe_fetch(pxe, &url, SCRIPT_MOST, fetched);
}

static void
host_pause(void *arg, const char *why, uint32_t ms)
{
	struct pxe *pxe = arg;

	if (pxe->end != PXE_OPEN)
		return;
	if (pxe->patient) {
		end_command(pxe, str_eq(why, "sleep") ? 0 : -ETIMEDOUT, ms);
		return;
	}
	pxe_done(pxe, PXE_SCRIPT, "no image: %s", pxe->said[0] != '\0' ? pxe->said : why);
	pxe_over(pxe, PXE_TOLD);
}

/* What a script says to the person before the screen, without its frame. */
static void
host_say(void *arg, const char *line)
{
	static const char *const dull[] = { "=", "MAC ", "Code ", "Asking again", NULL };
	struct pxe *pxe = arg;
	size_t len = strlen(pxe->said);

	if (line[0] == '\0' || pxe->end != PXE_OPEN)
		return;
	if (str_starts(line, "This machine cannot boot."))	/* failure.ipxe */
		pxe_fault(pxe, "the boot server says: %s", line);
	for (size_t i = 0; dull[i] != NULL; i++)
		if (str_starts(line, dull[i]))
			return;
	snprintf(pxe->said + len, sizeof(pxe->said) - len, "%s%s", len > 0 ? "; " : "", line);
}

static void
host_boot(void *arg, const char *image, const char *args)
{
	struct pxe *pxe = arg;
	const struct setting *name = settings_find(&pxe->script.settings, "image");

	if (pxe->end != PXE_OPEN)
		return;
	pxe_begin(pxe, PXE_BOOT);
	pxe_done(pxe, PXE_BOOT, "%s %s, %zu bytes of arguments", name != NULL ? "image" : "kernel",
		  name != NULL ? name->value : image, strlen(args));
	pxe_over(pxe, PXE_BOOTED);
}

static void
host_binary(void *arg, const char *image)
{
	struct pxe *pxe = arg;

	if (pxe->end != PXE_OPEN)
		return;
	if (str_starts(image, "memtest")) {
		pxe_done(pxe, PXE_SCRIPT, "no image: the memory test");
		pxe_over(pxe, PXE_TOLD);
		return;
	}
	buf_fini(&pxe->binary);
	pxe->binary = pxe->get.body;
	buf_init(&pxe->get.body);
	pxe->binary_url = pxe->get.url;
	pxe_second(pxe);
}

static void
anew(void *arg)
{
	pxe_second(arg);
}

/* The first script has ended: iPXE would leave, or ask again. */
static void
host_over(void *arg, int rc)
{
	struct pxe *pxe = arg;
	const struct setting *leave = settings_find(&pxe->script.settings, "leave");

	if (pxe->end != PXE_OPEN)
		return;
	if (leave != NULL && str_eq(leave->value, "yes")) {
		pxe_done(pxe, PXE_SCRIPT, "no image: %s", pxe->said);
		pxe_over(pxe, PXE_TOLD);
		return;
	}
	pxe_fault(pxe, "the script ended (%s) and nothing was booted", rc < 0 ? strerror(-rc) :
										 "good");
	if (pxe->end == PXE_OPEN)
		sys_timeout(ANEW_MS, anew, pxe);
}

/* --- DHCP as iPXE --- */

static void
put_address(struct pxe *pxe, const char *name, uint32_t address)
{
	char ip[NET_IP4_TEXT] = "";

	if (address != 0)
		net_ip4_format(ip, address);
	settings_set(&pxe->script.settings, name, ip);
}

static void
put_lease(struct pxe *pxe)
{
	const struct lease_given *given = &pxe->lease.given;

	put_address(pxe, "net0/ip", given->address.ip);
	put_address(pxe, "net0/netmask", given->address.mask);
	put_address(pxe, "net0/gateway", given->address.router);
	put_address(pxe, "net0/dns", given->address.dns);
	put_address(pxe, "net0/next-server", given->next != 0 ? given->next : given->server);
	settings_set(&pxe->script.settings, "net0/filename", given->file);
}

/* One machine, one address, whatever it calls itself. */
static void
judge_lease(struct pxe *pxe, int rc)
{
	char first[NET_IP4_TEXT], now[NET_IP4_TEXT];

	if (rc < 0) {
		pxe_fault(pxe, "no DHCP server answered iPXE, though firmware was: is there a rule "
			   "against clients with option 175 or user class iPXE?");
		return;
	}
	put_lease(pxe);
	net_ip4_format(first, pxe->first_ip);
	net_ip4_format(now, pxe->lease.given.address.ip);
	if (pxe->first_ip != pxe->lease.given.address.ip)
		snprintf(pxe->note, sizeof(pxe->note), "firmware is leased %s and iPXE %s: unless "
			 "the DHCP server ignores client identifiers (dnsmasq: dhcp-ignore-clid), "
			 "each machine takes several addresses", first, now);
}

static void
configured(void *arg, int rc)
{
	struct pxe *pxe = arg;

	pxe->reports[pxe->phase].again += pxe->lease.sent > 2 ? pxe->lease.sent - 2 : 0;
	judge_lease(pxe, rc);
	if (pxe->end == PXE_OPEN)
		script_ended(&pxe->script, rc);
}

static void
lease_as_ipxe(struct pxe *pxe, void (*done)(void *arg, int rc))
{
	pxe->lease.card = pxe->card;
	pxe->lease.ipxe = true;
	pxe->lease.firmware = pxe->firmware;
	pxe->lease.manners = pxe->patient ? &firmware_ipxe : pxe->manners;
	pxe->lease.uuid = pxe->uuid;
	pxe->lease.done = done;
	pxe->lease.arg = pxe;
	lease_start(&pxe->lease);
}

static void
host_configure(void *arg, const char *nic)
{
	struct pxe *pxe = arg;

	if (pxe->end != PXE_OPEN)
		return;
	if (!str_eq(nic, "net0") && !str_eq(nic, "netX"))
		end_command(pxe, -ENODEV, 0);
	else
		lease_as_ipxe(pxe, configured);
}

static const struct script_host host = {
	.fetch = host_fetch, .configure = host_configure, .pause = host_pause, .boot = host_boot,
	.binary = host_binary, .say = host_say, .over = host_over,
};

/* --- the first script --- */

static void
prepare(struct pxe *pxe)
{
	struct script *script = &pxe->script;
	char text[NET_MAC_TEXT + 64], hex[33];

	script_fini(script);
	*script = (struct script){
		.host = &host, .arg = pxe, .efi = pxe->firmware->efi, .long_mode = true,
	};
	net_mac_format(text, pxe->card->mac);
	settings_set(&script->settings, "net0/mac", text);
	hex_format(hex, pxe->uuid, 16);
	snprintf(text, sizeof(text), "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16,
		 hex + 20);
	settings_set(&script->settings, "uuid", text);
	settings_set(&script->settings, "serial", pxe->serial);
	settings_set(&script->settings, "manufacturer", "bootserver");
	settings_set(&script->settings, "product", pxe->product);
	settings_set(&script->settings, "buildarch", pxe->firmware->buildarch);
	settings_set(&script->settings, "platform", pxe->firmware->efi ? "efi" : "pcbios");
	snprintf(text, sizeof(text), "%lld", (long long)(clock_now_ms() / 1000));
	settings_set(&script->settings, "unixtime", text);
}

/* BIOS builds tell theirs; of the others no script asks. */
static void
put_version(struct pxe *pxe)
{
	char version[STAMP_VERSION] = "2.0.0";
	struct err err;

	if (!pxe->firmware->efi)
		stamp_version(version, pxe->binary.text, pxe->binary.len, &err);
	settings_set(&pxe->script.settings, "version", version);
}

static void
start(struct pxe *pxe)
{
	char *text = str_dup(pxe->get.body.text);

	pxe->base = pxe->get.url;
	pxe_done(pxe, PXE_IPXE, "runs %s from %s", pxe->get.url.path + 1, pxe->get.url.host);
	script_start(&pxe->script, text);
	free(text);
}

/* What DHCP named to iPXE. */
static void
named_came(void *arg, int rc)
{
	struct pxe *pxe = arg;

	pxe->getting = false;
	if (rc < 0) {
		pxe_fault(pxe, "%s%s", pxe->get.why.text, advice(&pxe->get, rc));
	} else if (!script_is_script(pxe->get.body.text)) {
		pxe_fault(pxe, "iPXE is given %s, which is no script: the DHCP server must tell "
			   "iPXE (option 175, user class iPXE) from firmware, or it loads itself "
			   "for ever",
			   pxe->get.url.path + 1);
	} else {
		start(pxe);
		return;
	}
	if (pxe->end == PXE_OPEN)
		sys_timeout(ANEW_MS, anew, pxe);
}

static void
named(void *arg, int rc)
{
	struct pxe *pxe = arg;
	const struct lease_given *given = &pxe->lease.given;
	char server[NET_IP4_TEXT], *text;
	struct url url;

	judge_lease(pxe, rc);
	if (pxe->end != PXE_OPEN)
		return;
	net_ip4_format(server, given->next);
	text = strstr(given->file, "://") != NULL ? str_dup(given->file) :
						    str_format("tftp://%s/%s", server, given->file);
	if (rc == 0 && given->file[0] == '\0') {
		pxe_fault(pxe, "DHCP names no file for iPXE (option 175, user class iPXE): it "
			   "should name a script");
		rc = -ENOENT;
	} else if (rc == 0) {
		rc = url_parse(&url, text, NULL);
		if (rc < 0)
			pxe_fault(pxe, "DHCP names %s to iPXE, which it cannot fetch", text);
	}
	free(text);
	if (rc == 0)
		pxe_fetch(pxe, &url, SCRIPT_MOST, named_came);
	else if (pxe->end == PXE_OPEN)
		sys_timeout(ANEW_MS, anew, pxe);
}

static void
ask_dhcp(struct pxe *pxe)
{
	lease_as_ipxe(pxe, named);
}

static void
autoexec_came(void *arg, int rc)
{
	struct pxe *pxe = arg;

	pxe->getting = false;
	if (rc == 0 && script_is_script(pxe->get.body.text))
		start(pxe);
	else
		ask_dhcp(pxe);
}

void
pxe_second(struct pxe *pxe)
{
	struct url url;

	pxe_begin(pxe, PXE_IPXE);
	prepare(pxe);
	put_version(pxe);
	if (pxe->firmware->efi && url_parse(&url, "autoexec.ipxe", &pxe->binary_url) == 0)
		pxe_fetch(pxe, &url, SCRIPT_MOST, autoexec_came);
	else
		ask_dhcp(pxe);
}

void
pxe_second_stop(struct pxe *pxe)
{
	sys_untimeout(end_soon, pxe);
	sys_untimeout(anew, pxe);
	pxe->script.running = false;
}
