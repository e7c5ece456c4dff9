/* See url.h. */
#include "probe/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

static const struct {
	const char *name;
	uint16_t port;
} schemes[] = { { "tftp", 69 }, { "http", 80 }, { "https", 443 } };

const char *
url_scheme_name(enum url_scheme scheme)
{
	return schemes[scheme].name;
}

static int
take_host(struct url *url, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t host = colon != NULL ? (size_t)(colon - text) : len;
	char *end;
	long port;

	if (host == 0 || host >= sizeof(url->host))
		return -EINVAL;
	memcpy(url->host, text, host);
	url->host[host] = '\0';
	url->port = schemes[url->scheme].port;
	if (colon == NULL)
		return 0;
	port = strtol(colon + 1, &end, 10);
	if (end != text + len || port < 1 || port > 65535 || colon[1] < '0')
		return -EINVAL;
	url->port = (uint16_t)port;
	return 0;
}

static int
take_path(struct url *url, const char *folder, int len, const char *text)
{
	int n = snprintf(url->path, sizeof(url->path), "%.*s%s", len, folder, text);

	return n < 0 || (size_t)n >= sizeof(url->path) ? -EINVAL : 0;
}

static int
parse_whole(struct url *url, const char *text, size_t scheme)
{
	size_t len = strcspn(text, "/?");

	url->scheme = (enum url_scheme)scheme;
	if (take_host(url, text, len) < 0)
		return -EINVAL;
	return take_path(url, "/", text[len] == '/' ? 0 : 1, text + len);
}

int
url_parse(struct url *ret, const char *text, const struct url *base)
{
	struct url url = { .scheme = URL_TFTP };
	const char *slash;
	int r = -EINVAL;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].name);

		if (strncmp(text, schemes[i].name, len) != 0 || !str_starts(text + len, "://"))
			continue;
		r = parse_whole(&url, text + len + 3, i);
		goto out;
	}
	if (base == NULL || strstr(text, "://") != NULL)
		return -EINVAL;
	url = *base;
	slash = strrchr(base->path, '/');
	if (text[0] == '/')
		r = take_path(&url, "", 0, text);
	else
		r = take_path(&url, base->path, slash != NULL ? (int)(slash - base->path) + 1 : 0,
			      text);
out:
	if (r == 0)
		*ret = url;
	return r;
}

void
url_name(char *ret, int size, const struct url *url)
{
	int len = (int)strcspn(url->path, "?#"), from = len;

	while (from > 0 && url->path[from - 1] != '/')
		from--;
	snprintf(ret, (size_t)size, "%.*s", len - from, url->path + from);
}
