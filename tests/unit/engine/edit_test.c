/* Machines written through the API: what is checked, who has the word, what comes in between. */
#include "tests/unit/engine/bench.c"

#include "engine/machines.h"
#include "site/schema.h"

static const char *const n5 = "{\"name\": \"n5\", \"mac\": \"52:54:00:00:00:05\"}";

/* One request of `who`, as "METHOD PATH"; the status.  The answer is checked for `says`. */
static int
ask_as(struct bench *b, const void *who, const char *line, const char *text, const char *says)
{
	char method[8];
	struct route_ask ask = { .method = method, .path = strchr(line, ' ') + 1, .who = who };
	json_t *body = text ? json_loads(text, 0, NULL) : NULL, *answer = NULL;
	struct err err = { "" };
	char *got;
	int status;

	str_copy(method, strcspn(line, " ") + 1, line);
	ask.body = body;
	status = route(b->e, &ask, &answer);
	assert_int_equal(engine_turn(b->e, &err), 0);
	got = answer ? json_text(answer, NULL) : str_dup("");
	if (says && !strstr(got, says))
		fail_msg("%s: %d %s", line, status, got);
	free(got);
	json_decref(answer);
	json_decref(body);
	return status;
}

/* The order that the keeper got, answered with `ok`. */
static void
keeper_says(struct bench *b, bool ok, const char *name, bool removed)
{
	json_t *order = bench_hear(b->keeper), *answer;

	assert_non_null(order);
	assert_string_equal(json_str(order, "type", ""), "site-file");
	assert_string_equal(json_str(order, "name", ""), name);
	assert_int_equal(json_object_get(order, "text") == NULL, removed);
	answer = json_pack("{s:s, s:I, s:b}", "type", "answer", "id",
			   json_num(order, "id", 0), "ok", ok);
	if (!ok)
		json_put(answer, "text", "the disk is full");
	json_decref(order);
	bench_say(b, true, answer, NULL, 0);
	if (ok) {
		json_t *config = bench_hear(b->keeper);

		assert_string_equal(json_str(config, "type", ""), "config");
		json_decref(config);
	}
}

static void
write_change_remove(void **state)
{
	struct bench *b = *state;
	int me = 0;

	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5, NULL), ROUTE_LATER);
	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5, NULL), ROUTE_LATER);
	keeper_says(b, true, "n5", false);
	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5,
				"\"file\":\"machines.d/n5.yaml\""), 201);
	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5, "already"), 409);
	assert_int_equal(ask_as(b, &me, "GET /v1/machines/n5", NULL,
				"\"settings\":{\"mac\":\"52:54:00:00:00:05\",\"name\":\"n5\"}"),
			 200);
	assert_int_equal(ask_as(b, &me, "PUT /v1/machines/n5",
				"{\"mac\": \"52:54:00:00:00:05\", \"serial\": \"S\"}", NULL),
			 ROUTE_LATER);
	keeper_says(b, true, "n5", false);
	assert_int_equal(ask_as(b, &me, "PUT /v1/machines/n5",
				"{\"mac\": \"52:54:00:00:00:05\", \"serial\": \"S\"}", "n5"), 200);
	assert_string_equal(site_find_name(b->e->site, "n5")->serial, "S");
	assert_int_equal(ask_as(b, &me, "DELETE /v1/machines/n5", NULL, NULL), ROUTE_LATER);
	keeper_says(b, true, "n5", true);
	assert_int_equal(ask_as(b, &me, "DELETE /v1/machines/n5", NULL, NULL), 204);
	assert_int_equal(ask_as(b, &me, "DELETE /v1/machines/n5", NULL, "no such"), 404);
	assert_int_equal(ask_as(b, &me, "GET /v1/machines/n5", NULL, "machine: n5"), 404);
}

static void
what_is_refused(void **state)
{
	static const struct {
		const char *line, *body;
		int status;
		const char *says;
	} rows[] = {
		{ "POST /v1/machines", NULL, 422, "with its name" },
		{ "POST /v1/machines", "{\"name\": \"../x\"}", 422, "a-z" },
		{ "POST /v1/machines", "{\"name\": \"n5\"}", 422, "nothing tells this" },
		{ "POST /v1/machines", "{\"name\": \"n5\", \"mac\": \"" MAC1 "\"}", 422, "n1" },
		{ "POST /v1/machines", "{\"name\": \"n5\", \"A\": 1}", 422, "no key" },
		{ "POST /v1/machines", "{\"serial\": \"S\", \"colour\": 1, \"name\": \"n5\"}",
		  422, "colour" },
		{ "POST /v1/machines", "{\"name\": \"n1\"}", 409, "site.yaml:6" },
		{ "PUT /v1/machines/n1", "{\"mac\": \"" MAC1 "\"}", 409, "by hand" },
		{ "PUT /v1/machines/n5", NULL, 422, "as in the site file" },
		{ "PUT /v1/machines/n5", "{\"name\": \"n6\"}", 422, "not the one in the path" },
		{ "DELETE /v1/machines/n1", NULL, 409, "site.yaml:6" },
		{ "DELETE /v1/machines/n5", NULL, 404, "no such machine: n5" },
		{ "PATCH /v1/machines/n1", NULL, 405, "method" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ask_as(b, b, rows[i].line, rows[i].body, rows[i].says),
				 rows[i].status);
		assert_null(bench_hear(b->keeper));
	}
}

/* One at a time: the second waits, and is checked against what the first made. */
static void
two_at_once(void **state)
{
	struct bench *b = *state;
	static const char *const same =
		"{\"name\": \"n6\", \"mac\": \"52:54:00:00:00:05\"}";
	int one = 0, two = 0;

	assert_int_equal(ask_as(b, &one, "POST /v1/machines", n5, NULL), ROUTE_LATER);
	assert_int_equal(ask_as(b, &two, "POST /v1/machines", same, NULL), ROUTE_LATER);
	keeper_says(b, true, "n5", false);
	assert_int_equal(ask_as(b, &two, "POST /v1/machines", same, NULL), ROUTE_LATER);
	assert_int_equal(ask_as(b, &one, "POST /v1/machines", n5, "n5"), 201);
	assert_int_equal(ask_as(b, &two, "POST /v1/machines", same, "n5"), 422);
	assert_null(bench_hear(b->keeper));
}

/* Whoever asked went away: the next one does not get his answer. */
static void
gone_away(void **state)
{
	struct bench *b = *state;
	int one = 0, two = 0;

	assert_int_equal(ask_as(b, &one, "POST /v1/machines", n5, NULL), ROUTE_LATER);
	edit_forget(b->e, &one);
	keeper_says(b, true, "n5", false);
	assert_int_equal(ask_as(b, &two, "POST /v1/machines", n5, "already"), 409);
}

static void
keeper_cannot(void **state)
{
	struct bench *b = *state;
	int me = 0;

	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5, NULL), ROUTE_LATER);
	keeper_says(b, false, "n5", false);
	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5, "the disk is full"), 409);
	assert_null(site_find_name(b->e->site, "n5"));
}

/* A reload between order and answer: the new site counts. */
static void
reload_in_between(void **state)
{
	static const char other[] =
		"site: {name: lab, domain: lab.internal}\n"
		"server: {interface: br0, address: 10.9.0.1/24}\n"
		"image: edge\n"
		"machines: [{name: n9, mac: \"52:54:00:00:00:05\"}]\n";
	struct bench *b = *state;
	json_t *order, *config;
	int me = 0;

	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5, NULL), ROUTE_LATER);
	order = bench_hear(b->keeper);
	bench_site_file(b, "reload", other);
	bench_say(b, true, json_pack("{s:s, s:I, s:b}", "type", "answer", "id",
				     json_num(order, "id", 0), "ok", 1), NULL, 0);
	json_decref(order);
	config = bench_hear(b->keeper);
	assert_null(config);
	assert_int_equal(ask_as(b, &me, "POST /v1/machines", n5, "n9"), 422);
	assert_non_null(site_find_name(b->e->site, "n9"));
}

/* One that the files do not name is forgotten, key and all. */
static void
unknown_is_forgotten(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	struct machine *m;

	bench_nonce(b, STRANGE, "10.9.0.150", "wait", nonce);
	m = machines_find(b->e, STRANGE);
	assert_non_null(m);
	machines_key(b->e, m, "0123", "kept", 4);
	/* the log names it, which ASan reads along */
	log_init("test", LOG_LEVEL_INFO);
	assert_int_equal(ask_as(b, b, "DELETE /v1/machines/" STRANGE, NULL, NULL), 204);
	log_init("test", LOG_LEVEL_ERROR);
	assert_null(machines_find(b->e, STRANGE));
	assert_null(index_find(&b->e->pins, "0123"));
	bench_nonce(b, STRANGE, "10.9.0.150", "wait", nonce);
}

/* docs/openapi.yaml knows each key that a machine may have. */
static void
described(void **state)
{
	const char *keys[SCHEMA_ROWS_MOST + 1], *settings;
	struct err err = { "" };
	char *text;

	(void)state;
	schema_keys(SCOPE_MACHINE, keys);
	assert_int_equal(file_read(AT_FDCWD, "docs/openapi.yaml", &text, NULL, &err), 0);
	settings = strstr(text, "\n    Settings:\n");
	assert_non_null(settings);
	for (size_t i = 0; keys[i]; i++) {
		char *line = str_format("\n        %s:", keys[i]);

		if (!strstr(settings, line))
			fail_msg("docs/openapi.yaml: Settings lacks the key %s", keys[i]);
		free(line);
	}
	free(text);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, bench_enter, bench_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(described), ON_BENCH(write_change_remove),
		ON_BENCH(what_is_refused), ON_BENCH(two_at_once),
		ON_BENCH(gone_away), ON_BENCH(keeper_cannot), ON_BENCH(reload_in_between),
		ON_BENCH(unknown_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
