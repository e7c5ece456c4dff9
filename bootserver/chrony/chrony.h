#ifndef CHRONY_CHRONY_H
#define CHRONY_CHRONY_H

#include "site/site.h"

/* chronyd's configuration; NULL: the site gives no time.  Fresh memory, the caller frees. */
char *chrony_render(const struct site *site);

/* The address that machines are told as their first time server: the site's word, else the server
 * itself; NULL: there is none.  Fresh memory, the caller frees. */
char *chrony_server(const struct site *site);

#endif
