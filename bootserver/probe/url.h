#ifndef PROBE_URL_H
#define PROBE_URL_H

#include <stdbool.h>
#include <stdint.h>

/* Addresses of files, as iPXE reads them (RFC 3986, the part of it that boot scripts use). */

enum url_scheme { URL_TFTP, URL_HTTP, URL_HTTPS };

#define URL_HOST 256
#define URL_PATH 2048

struct url {
	enum url_scheme scheme;
	char host[URL_HOST];
	uint16_t port;
	char path[URL_PATH];	/* begins with '/' (TFTP: as written), the query behind it */
};

/* `text` alone, or seen from `base` (NULL: there is none).  -EINVAL: no scheme that we speak, or
 * too long. */
int url_parse(struct url *ret, const char *text, const struct url *base);

/* The last part of the path, without a query: what iPXE calls the file it fetched. */
void url_name(char *ret, int size, const struct url *url);

const char *url_scheme_name(enum url_scheme scheme);

#endif
