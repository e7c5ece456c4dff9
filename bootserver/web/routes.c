/* All that web answers, on one screen; each endpoint is a file of its own. */
#include "web/routes.h"

#include <string.h>
#include <strings.h>

#include "web/endpoints.h"

#define GET ROUTE_GET
#define POST ROUTE_POST
#define KIB 1024u

const struct route routes[] = {
	{ GET, "/boot.ipxe", ipxe_greeting },
	{ GET, "/ipxe/*", ipxe_file },
	{ GET, "/v1/boot", boot_answer },
	{ GET, "/blob/*", blob_answer },
	{ GET, "/site.json", sitejson_answer },
	{ GET | POST, "/v1/report", report_answer, 16 * KIB },
	{ POST, "/v1/enrol", agent_enrol, 1024 * KIB, .secure = true },
	{ POST, "/v1/self/poll", agent_poll, 1024 * KIB, .secure = true },
	{ POST, "/v1/self/events", agent_events, 1024 * KIB, .secure = true },
	{ POST, "/v1/self/cluster", agent_cluster, 1024 * KIB, .secure = true },
	{ GET, "/v1/machines/*/cloud-init/*", cloudinit_answer },
	{ GET, "/metrics", metrics_answer },
	{ GET, "/healthz", healthz_answer },
	{ 0 }
};

static bool
keep(char ret[ROUTE_ARG], const char *segment, size_t len)
{
	if (len == 0 || len >= ROUTE_ARG)
		return false;
	memcpy(ret, segment, len);
	ret[len] = '\0';
	return strcmp(ret, ".") != 0 && strcmp(ret, "..") != 0;
}

static bool
fits(const char *pattern, const char *path, char arg[2][ROUTE_ARG])
{
	int stars = 0;

	for (; *pattern; pattern++) {
		size_t len = strcspn(path, "/");

		if (*pattern != '*') {
			if (*path++ != *pattern)
				return false;
			continue;
		}
		if (!keep(arg[stars++], path, len))
			return false;
		path += len;
	}
	return *path == '\0';
}

/* The path of a request target; one in absolute form, as to a proxy, is good too (RFC 9112,
 * 3.2.2). */
static const char *
path_of(const char *target)
{
	if (strncasecmp(target, "http://", 7) != 0 && strncasecmp(target, "https://", 8) != 0)
		return target;
	target += strcspn(target, ":") + 3;
	return target + strcspn(target, "/");
}

const struct route *
routes_find(const char *target, char ret_arg[2][ROUTE_ARG])
{
	const char *path = path_of(target);

	for (const struct route *route = routes; route->pattern; route++)
		if (fits(route->pattern, path, ret_arg))
			return route;
	return NULL;
}

const char *
routes_allow(const struct route *route)
{
	static const char *const texts[] = { "", "GET, HEAD", "POST", "GET, HEAD, POST" };

	return texts[route->methods & 3];
}

bool
routes_takes(const struct route *route, const char *method)
{
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return route->methods & ROUTE_GET;
	return strcmp(method, "POST") == 0 && (route->methods & ROUTE_POST);
}
