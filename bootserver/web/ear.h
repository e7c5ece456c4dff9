#ifndef WEB_EAR_H
#define WEB_EAR_H

#include "lib/err.h"
#include "web/state.h"

/* The ear: a packet socket of the keeper's, through which every DHCP packet of the segment passes,
 * questions and answers, ours and others'. */

/* Takes the descriptor and tells the engine of each packet (`heard`). */
int ear_open(struct web *web, int fd, struct err *err);
void ear_close(struct web *web);

#endif
