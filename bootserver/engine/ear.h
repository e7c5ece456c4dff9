#ifndef ENGINE_EAR_H
#define ENGINE_EAR_H

#include <sys/types.h>

#include "engine/core.h"

/* What web's ear heard of each client: said in the timeline, the last packets kept. */

void ear_heard(struct engine *e, const json_t *body);	/* message `heard` */
void ear_tick(struct engine *e);
void ear_fini(struct engine *e);

/* The packets of all the machine's cards in the order they came, as a pcap file; fresh memory, NULL
 * when there is none. */
void *ear_pcap(struct engine *e, const struct machine *m, size_t *ret_len);

#endif
