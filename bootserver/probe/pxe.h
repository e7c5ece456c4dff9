#ifndef PROBE_PXE_H
#define PROBE_PXE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "probe/card.h"
#include "probe/get.h"
#include "probe/lease.h"
#include "probe/script.h"

/*
 * A machine's life from power-on to the start of its kernel: firmware asks DHCP and fetches its
 * file; that is iPXE, which asks again, is greeted, given a script, and does what that says.  Each
 * phase is timed and judged.
 */

enum pxe_phase {
	PXE_DHCP, PXE_FILE, PXE_IPXE, PXE_SCRIPT, PXE_KERNEL, PXE_INITRD, PXE_BOOT,
	PXE_PHASES
};

struct pxe_report {
	int64_t begun_ms, ended_ms;	/* clock_mono_ms(); 0: not yet */
	uint64_t bytes;
	unsigned again;			/* packets and requests said again, times told to wait */
	char text[256];			/* what came of it */
};

enum pxe_end {
	PXE_OPEN,
	PXE_BOOTED,		/* the kernel would run now */
	PXE_TOLD,		/* the plan is another than an image: told to wait … */
	PXE_FAULT,
};

struct pxe {
	/* who it is */
	struct card *card;
	const struct firmware *firmware, *manners;
	uint8_t uuid[16];
	const char *serial, *product;
	X509 *root;		/* the site's CA; NULL: none is known */
	bool patient;		/* a fault does not end it: it does what a machine does, tries on */
	uint32_t idle_ms;	/* a transfer in which nothing moves for so long has failed */
	void (*over)(void *arg, struct pxe *pxe);	/* once, when it has ended */
	void *arg;

	/* what became of it */
	enum pxe_end end;
	enum pxe_phase phase;
	struct pxe_report reports[PXE_PHASES];
	char fault[768];	/* the first one: what is wrong, and what to do */
	unsigned faults;
	char note[256];		/* what is no fault, and yet not right; "": nothing */

	/* its own */
	struct lease lease;
	struct get get;
	struct script script;
	struct script_fetch fetching;
	struct url base;	/* where the script that runs came from */
	struct url binary_url;
	struct buf binary;	/* the iPXE that it was given */
	uint32_t first_ip;	/* what firmware was leased */
	uint32_t pause_ms;
	int result;		/* for a script's command that ends at once */
	bool getting;
	char said[256];		/* by the script, since it fetched something */
};

void pxe_init(struct pxe *pxe);	/* the members of «who it is» are set behind it */
void pxe_power_on(struct pxe *pxe);
void pxe_power_off(struct pxe *pxe);	/* nothing of it runs on; may be powered on again */
void pxe_fini(struct pxe *pxe);

const char *pxe_phase_name(const struct pxe *pxe, enum pxe_phase phase);

/* For the parts of a life: phases, faults, ends. */
void pxe_begin(struct pxe *pxe, enum pxe_phase phase);
void pxe_done(struct pxe *pxe, enum pxe_phase phase, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void pxe_fault(struct pxe *pxe, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pxe_over(struct pxe *pxe, enum pxe_end end);
void pxe_fetch(struct pxe *pxe, const struct url *url, size_t keep,
		void (*done)(void *arg, int rc));

/* iPXE begins (second.c). */
void pxe_second(struct pxe *pxe);
void pxe_second_stop(struct pxe *pxe);

#endif
