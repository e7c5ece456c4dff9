#ifndef ENGINE_LEARNT_H
#define ENGINE_LEARNT_H

#include "engine/core.h"

/* What is learnt of each machine's firmware by trying, and kept: which way leads to its own disk,
 * which iPXE binary starts. */

/* Reads it, once the machines are there. */
void learnt_load(struct engine *e);

/* The machine is about to take this way to its disk; "": none of them led there. */
void learnt_way(struct engine *e, struct machine *m, const char *way);

/* It is back, its firmware or iPXE asks again: had the way led anywhere? */
void learnt_back(struct engine *e, struct machine *m);

/* It fetched a file by TFTP; its firmware begins anew, with the boot `b`; it asks for a script. */
void learnt_fetched(struct machine *m, const char *file);
void learnt_again(struct engine *e, struct boot *b);
void learnt_asked(struct engine *e, struct machine *m);

/* "works", "trying", "failed", or NULL while no way was tried. */
const char *learnt_way_state(const struct machine *m);

#endif
