#ifndef PROBE_WEB_H
#define PROBE_WEB_H

#include "probe/get.h"

/* One file by HTTP or HTTPS over lwIP's TCP, for get.c. */
void web_start(struct get *get);
void web_stop(struct get *get);

#endif
