/* The table of routes, and the table of limits. */
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "web/limits.h"
#include "web/routes.h"

static void
test_paths(void **state)
{
	static const struct {
		const char *path, *pattern, *first, *second;
	} rows[] = {
		{ "/boot.ipxe", "/boot.ipxe", "", "" },
		{ "/boot.ipxe/", NULL, "", "" },
		{ "/boot.ipx", NULL, "", "" },
		{ "/blob/abc", "/blob/*", "abc", "" },
		{ "/blob/", NULL, "", "" },
		{ "/blob/a/b", NULL, "", "" },
		{ "/blob/.", NULL, "", "" },
		{ "/blob/..", NULL, "", "" },
		{ "/blob/...", "/blob/*", "...", "" },
		{ "/v1/machines/n1/cloud-init/user-data", "/v1/machines/*/cloud-init/*", "n1",
		  "user-data" },
		{ "/v1/machines//cloud-init/user-data", NULL, "", "" },
		{ "/v1/machines/n1/cloud-init", NULL, "", "" },
		{ "", NULL, "", "" },
		{ "/", NULL, "", "" },
		{ "*", NULL, "", "" },
		{ "http://10.9.0.1/blob/abc", "/blob/*", "abc", "" },
		{ "HTTPS://boot.lab.internal:443/healthz", "/healthz", "", "" },
		{ "http://10.9.0.1", NULL, "", "" },
		{ "http://", NULL, "", "" },
		{ "http:/healthz", NULL, "", "" },
		{ "ftp://10.9.0.1/healthz", NULL, "", "" },
		{ "healthz", NULL, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char arg[2][ROUTE_ARG] = { "", "" };
		const struct route *route = routes_find(rows[i].path, arg);

		if (!route != !rows[i].pattern)
			fail_msg("%s: %s", rows[i].path, route ? route->pattern : "no route");
		if (!route)
			continue;
		assert_string_equal(route->pattern, rows[i].pattern);
		assert_string_equal(arg[0], rows[i].first);
		assert_string_equal(arg[1], rows[i].second);
	}
}

static void
test_long_segments(void **state)
{
	char path[6 + ROUTE_ARG + 1] = "/blob/", arg[2][ROUTE_ARG];

	(void)state;
	memset(path + 6, 'a', ROUTE_ARG - 1);
	assert_non_null(routes_find(path, arg));
	assert_int_equal(strlen(arg[0]), ROUTE_ARG - 1);
	path[6 + ROUTE_ARG - 1] = 'a';
	assert_null(routes_find(path, arg));
}

static void
test_methods(void **state)
{
	char arg[2][ROUTE_ARG];
	const struct route *get = routes_find("/healthz", arg);
	const struct route *post = routes_find("/v1/enrol", arg);

	(void)state;
	assert_true(routes_takes(get, "GET") && routes_takes(get, "HEAD"));
	assert_false(routes_takes(get, "POST") || routes_takes(get, "get") ||
		     routes_takes(get, ""));
	assert_true(routes_takes(post, "POST"));
	assert_false(routes_takes(post, "GET") || routes_takes(post, "HEAD"));
	assert_string_equal(routes_allow(get), "GET, HEAD");
	assert_string_equal(routes_allow(post), "POST");
	assert_true(post->secure && !get->secure);
}

static int
parse(const char *text, struct limits *ret, struct err *err)
{
	json_t *limits = text ? json_loads(text, 0, NULL) : NULL;
	int r = limits_parse(limits, ret, err);

	json_decref(limits);
	return r;
}

static void
test_limits(void **state)
{
	struct limits limits;
	struct err err;

	(void)state;
	assert_int_equal(parse(NULL, &limits, &err), 0);
	assert_int_equal(limits.headers_ms, 10000);
	assert_int_equal(limits.connections, 2048);
	assert_int_equal(parse("{\"headers-ms\": 500, \"connections\": 7}", &limits, &err), 0);
	assert_int_equal(limits.headers_ms, 500);
	assert_int_equal(limits.connections, 7);
	assert_int_equal(limits.body_ms, 30000);
	assert_int_equal(parse("{\"headers-ms\": 0}", &limits, &err), -EINVAL);
	assert_string_equal(err.text, "limit headers-ms must be a number from 50 to 3600000");
	assert_int_equal(parse("{\"headers-ms\": \"9\"}", &limits, &err), -EINVAL);
	assert_int_equal(parse("{\"header-ms\": 900}", &limits, &err), -EINVAL);
	assert_string_equal(err.text, "there is no limit called \"header-ms\"");
	assert_int_equal(limits.headers_ms, 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_long_segments),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
