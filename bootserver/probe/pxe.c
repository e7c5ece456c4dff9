/* Power-on, firmware's part, and what all parts of a life share: see pxe.h. */
#include "probe/pxe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/timeouts.h>

#include "lib/clock.h"
#include "lib/net.h"
#include "lib/pki.h"
#include "lib/stamp.h"
#include "lib/str.h"

#define BINARY_MOST (8 * 1024 * 1024)
#define AGAIN_MS 3000		/* firmware tries its boot devices again */

const char *
pxe_phase_name(const struct pxe *pxe, enum pxe_phase phase)
{
	static const char *const names[] = {
		"dhcp", "tftp", "ipxe", "script", "kernel", "initrd", "boot",
	};

	return phase == PXE_FILE && pxe->firmware->http ? "http" : names[phase];
}

void
pxe_begin(struct pxe *pxe, enum pxe_phase phase)
{
	pxe->phase = phase;
	if (pxe->reports[phase].begun_ms == 0)
		pxe->reports[phase].begun_ms = clock_mono_ms();
	if (phase == PXE_IPXE)
		pxe->reports[phase].ended_ms = 0;	/* its scripts follow one another */
}

void
pxe_done(struct pxe *pxe, enum pxe_phase phase, const char *fmt, ...)
{
	struct pxe_report *report = &pxe->reports[phase];
	va_list args;

	report->ended_ms = clock_mono_ms();
	va_start(args, fmt);
	vsnprintf(report->text, sizeof(report->text), fmt, args);
	va_end(args);
}

static void
tell_over(void *arg)
{
	struct pxe *pxe = arg;

	pxe->over(pxe->arg, pxe);
}

void
pxe_over(struct pxe *pxe, enum pxe_end end)
{
	if (pxe->end != PXE_OPEN)
		return;
	pxe->end = end;
	sys_timeout(0, tell_over, pxe);
}

void
pxe_fault(struct pxe *pxe, const char *fmt, ...)
{
	va_list args;

	pxe->faults++;
	pxe->reports[pxe->phase].again++;
	if (pxe->fault[0] == '\0') {
		va_start(args, fmt);
		vsnprintf(pxe->fault, sizeof(pxe->fault), fmt, args);
		va_end(args);
	}
	if (!pxe->patient)
		pxe_over(pxe, PXE_FAULT);
}

void
pxe_fetch(struct pxe *pxe, const struct url *url, size_t keep, void (*done)(void *arg, int rc))
{
	struct get *get = &pxe->get;

	get->card = pxe->card;
	get->url = *url;
	get->root = pxe->root;
	get->agent = pxe->phase == PXE_FILE ? "UefiHttpBoot/1.0" : "iPXE/2.0.0 (bootserver probe)";
	get->blksize = pxe->phase == PXE_FILE ? pxe->firmware->blksize : firmware_ipxe.blksize;
	get->idle_ms = pxe->idle_ms;
	get->keep = keep;
	get->done = done;
	get->arg = pxe;
	pxe->getting = true;
	get_start(get);
}

static void
again(void *arg)
{
	pxe_power_on(arg);
}

/* A patient machine's firmware goes through its boot devices anew. */
static void
start_over(struct pxe *pxe)
{
	if (pxe->end == PXE_OPEN)
		sys_timeout(AGAIN_MS, again, pxe);
}

/* An EFI build must trust the site's CA; -EINVAL when it is told not to. */
static int
check_stamp(struct pxe *pxe)
{
	struct err err = { "" };
	uint8_t fingerprint[32];

	if (pxe->root == NULL || !pxe->firmware->efi)
		return 0;
	pki_cert_fingerprint(pxe->root, fingerprint);
	if (stamp_check(pxe->binary.text, pxe->binary.len, fingerprint, &err) == 0)
		return 0;
	pxe_fault(pxe, "%s, which %s was given, %s", pxe->binary_url.path + 1,
		   pxe->firmware->what, err.text);
	return pxe->patient ? 0 : -EINVAL;
}

static void
file_came(void *arg, int rc)
{
	struct pxe *pxe = arg;
	struct pxe_report *report = &pxe->reports[PXE_FILE];
	struct get *get = &pxe->get;

	pxe->getting = false;
	report->again += get->again + get->later;
	report->bytes = get->size;
	if (rc < 0) {
		pxe_fault(pxe, "%s%s", get->why.text, rc == -ENOENT ?
			   ": is the file in that server's folder?" : "");
		start_over(pxe);
		return;
	}
	buf_fini(&pxe->binary);
	pxe->binary = get->body;
	buf_init(&get->body);
	if (check_stamp(pxe) < 0)
		return;
	pxe_done(pxe, PXE_FILE, "%s, %llu KiB%s", get->url.path + 1,
		  (unsigned long long)(get->size + 1023) / 1024,
		  pxe->firmware->http || get->options ? "" : ", in blocks of 512 bytes (the server "
		  "takes no blksize)");
	pxe_second(pxe);
}

/* Firmware has an address: is there a file for it, and where? */
static int
file_of(struct pxe *pxe, struct url *ret)
{
	const struct lease_given *given = &pxe->lease.given;
	char server[NET_IP4_TEXT], *text;
	int r;

	net_ip4_format(server, given->server);
	if (given->file[0] == '\0') {
		pxe_fault(pxe, "%s leases an address and nobody names a boot file for %s (option "
			   "93 is %u)%s: is the boot server running, and does it know that kind?",
			   server, pxe->firmware->what, pxe->firmware->arch,
			   given->asked_4011 ? ", port 4011 neither" : "");
		return -ENOENT;
	}
	if (pxe->firmware->http) {
		if (url_parse(ret, given->file, NULL) == 0 && ret->scheme != URL_TFTP)
			return 0;
		pxe_fault(pxe, "the boot file for UEFI HTTP Boot is %s, which is no http URL",
			   given->file);
		return -EINVAL;
	}
	net_ip4_format(server, given->next);
	text = str_format("tftp://%s/%s", server, given->file);
	r = url_parse(ret, text, NULL);
	free(text);
	if (r < 0)
		pxe_fault(pxe, "the boot file's name %s cannot be used", given->file);
	return r;
}

static void
tell_lease(struct pxe *pxe)
{
	const struct lease_given *given = &pxe->lease.given;
	char ip[NET_IP4_TEXT], server[NET_IP4_TEXT], boot[NET_IP4_TEXT];

	net_ip4_format(ip, given->address.ip);
	net_ip4_format(server, given->server);
	net_ip4_format(boot, given->boot);
	if (given->proxy)
		pxe_done(pxe, PXE_DHCP, "%s from %s; boot file %s from %s%s", ip, server,
			  given->file, boot, given->asked_4011 ? ", port 4011" :
								  ", by proxy offer");
	else
		pxe_done(pxe, PXE_DHCP, "%s from %s, boot file %s", ip, server, given->file);
}

static void
leased(void *arg, int rc)
{
	struct pxe *pxe = arg;
	const struct lease_given *given = &pxe->lease.given;
	struct url url;

	pxe->reports[PXE_DHCP].again += pxe->lease.sent > 2 ? pxe->lease.sent - 2 : 0;
	if (rc == -ECONNREFUSED)
		pxe_fault(pxe, "a DHCP server offers an address and then refuses it (NAK), again "
			   "and again: do two servers lease on this segment?");
	else if (rc < 0)
		pxe_fault(pxe, "no DHCP server answered %u requests: is the boot server running on "
			   "this segment (or a relay), and is this not its own card?",
			   pxe->lease.sent);
	else if (given->fault[0] != '\0' && !pxe->patient)
		pxe_fault(pxe, "a DHCP answer is malformed: %s", given->fault);
	else if (file_of(pxe, &url) == 0)
		goto good;
	start_over(pxe);
	return;
good:
	tell_lease(pxe);
	pxe->first_ip = given->address.ip;
	pxe->base = pxe->binary_url = url;
	pxe_begin(pxe, PXE_FILE);
	pxe_fetch(pxe, &url, BINARY_MOST, file_came);
}

void
pxe_init(struct pxe *pxe)
{
	*pxe = (struct pxe){ .idle_ms = 20000 };
	buf_init(&pxe->get.body);
	buf_init(&pxe->binary);
}

void
pxe_power_on(struct pxe *pxe)
{
	pxe_begin(pxe, PXE_DHCP);
	pxe->lease.card = pxe->card;
	pxe->lease.firmware = pxe->firmware;
	pxe->lease.manners = pxe->manners;
	pxe->lease.uuid = pxe->uuid;
	pxe->lease.ipxe = false;
	pxe->lease.done = leased;
	pxe->lease.arg = pxe;
	lease_start(&pxe->lease);
}

void
pxe_power_off(struct pxe *pxe)
{
	static const struct card_address none;

	sys_untimeout(again, pxe);
	sys_untimeout(tell_over, pxe);
	pxe_second_stop(pxe);
	if (pxe->getting)
		get_stop(&pxe->get);
	pxe->getting = false;
	lease_stop(&pxe->lease);
	if (pxe->card != NULL)
		card_set(pxe->card, &none);
}

void
pxe_fini(struct pxe *pxe)
{
	pxe_power_off(pxe);
	script_fini(&pxe->script);
	buf_fini(&pxe->get.body);
	buf_fini(&pxe->binary);
}
