#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <jansson.h>
#include <openssl/x509.h>

#include "lib/err.h"
#include "lib/str.h"
#include "probe/firmware.h"

/* `bootserver probe`: one machine in user space, power-on to the start of its kernel. */

struct probe {
	const char *interface;
	const struct firmware *firmware;
	const uint8_t *mac;		/* NULL: one made up */
	X509 *root;			/* the site's CA, or NULL */
	int64_t most_ms;		/* it has ended by then */
};

/* What it found: {interface, firmware, mac, good, end, [fault, note], phases: [{phase, done, ms,
 * bytes, again, text}]}; the caller's.  Negative when it could not begin. */
int probe_run(const struct probe *probe, json_t **ret, struct err *err);

/* The same for a person; pure. */
void probe_text(const json_t *found, struct buf *ret);

#endif
