/* The list of machines: by name, in pieces, whatever comes or goes between two of them. */
#include "tests/unit/engine/bench.c"

#include "engine/machines.h"
#include "engine/roll.h"

#define MANY 60

/* Another site, in which the machines of the bench's own never were. */
static void
take(struct bench *b, const char *site)
{
	bench_site_file(b, "reload", site);
	machines_forget(b->e, index_find(&b->e->names, "n1"));
	machines_forget(b->e, index_find(&b->e->names, "n2"));
}

/* A site of machines m0, m10, m20, … m9, m19, …: in no order. */
static void
many(struct bench *b)
{
	struct buf site;

	buf_init(&site);
	buf_text(&site, "site: {name: lab, domain: lab.internal}\n"
			"server: {interface: br0, address: 10.9.0.1/24}\n"
			"dhcp: {range: 10.9.0.100-10.9.0.199}\nimage: edge\nmachines:\n");
	for (int i = 0; i < MANY; i++)
		buf_format(&site, "  - {name: m%d, mac: \"52:54:00:00:01:%02x\"}\n",
			   i % 6 * 10 + i / 6, i);
	take(b, site.text);
	buf_fini(&site);
}

/* Machines mFIRST and following, as many as `count`. */
static void
is_list(json_t *list, int first, size_t count)
{
	char name[16];

	assert_int_equal(json_array_size(list), count);
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "m%d", first + (int)i);
		assert_string_equal(json_str(json_array_get(list, i), "name", ""), name);
	}
	json_decref(list);
}

static void
list_is_by_name(void **state)
{
	struct bench *b = *state;

	many(b);
	is_list(bench_machines(b, "", INT64_MAX, 4096), 0, MANY);
	is_list(bench_machines(b, "", INT64_MAX, 7), 0, MANY);
	is_list(bench_machines(b, "", 3, 4096), 0, 3);
	is_list(bench_machines(b, "m2", 3, 4096), 3, 3);
	is_list(bench_machines(b, "m58", 3, 4096), 59, 1);
	is_list(bench_machines(b, "m59", 3, 4096), 0, 0);
	/* a name that is not there is a place all the same */
	is_list(bench_machines(b, "m9-", 2, 4096), 10, 2);
	/* and a new engine has the same list */
	bench_stop(b);
	bench_start(b, bench_site);
	many(b);
	is_list(bench_machines(b, "", INT64_MAX, 4096), 0, MANY);
}

static void
list_of_nobody(void **state)
{
	struct bench *b = *state;
	char *site = str_format("%.*s", (int)(strstr(bench_site, "machines:") - bench_site),
				bench_site);

	take(b, site);
	free(site);
	is_list(bench_machines(b, "", INT64_MAX, 4096), 0, 0);
}

/* One piece, and no more of the list than that is made. */
static void
piece(struct bench *b, struct hub_reader *reader, struct buf *text)
{
	char some[65536];
	ssize_t len = hub_read(b->e, reader, some, sizeof(some));

	assert_in_range(len, 1, 32768);
	buf_add(text, some, (size_t)len);
}

static void
list_goes_on_whoever_comes_or_goes(void **state)
{
	struct bench *b = *state;
	struct hub_reader *reader;
	struct err err = { "" };
	json_t *list = NULL;
	struct buf text;
	char last[64];

	many(b);
	json_decref(bench_boot(b, STRANGE, "10.9.0.102"));
	buf_init(&text);
	reader = hub_open_machines(b->e, "", INT64_MAX);
	piece(b, reader, &text);
	assert_false(reader->ended);
	str_copy(last, sizeof(last), reader->name);
	/* before the place where the list is, at it, and behind it */
	machines_forget(b->e, index_find(&b->e->names, "m-525400000099"));
	machines_forget(b->e, index_find(&b->e->names, last));
	machines_forget(b->e, index_find(&b->e->names, "m58"));
	json_decref(bench_boot(b, "52:54:00:00:02:01", "10.9.0.103"));
	while (!reader->ended)
		piece(b, reader, &text);
	hub_close(b->e, reader);
	assert_int_equal(json_parse(&list, text.text, text.len, &err), 0);
	/* the stranger was listed before it went; the one that came stands before the place */
	assert_int_equal(json_array_size(list), MANY);
	assert_string_equal(json_str(json_array_get(list, 0), "name", ""), "m-525400000099");
	assert_string_equal(json_str(json_array_get(list, MANY - 1), "name", ""), "m59");
	assert_string_equal(json_str(json_array_get(list, MANY - 2), "name", ""), "m57");
	json_decref(list);
	buf_fini(&text);
}

static void
renamed_machine_is_at_its_new_place(void **state)
{
	struct bench *b = *state;
	struct err err = { "" };
	struct machine *m;

	many(b);
	json_decref(bench_boot(b, STRANGE, "10.9.0.102"));
	m = index_find(&b->e->names, "m-525400000099");
	assert_ptr_equal(b->e->machines[0], m);
	assert_int_equal(machines_approve(b->e, m, "m60", &err), 0);
	assert_ptr_equal(b->e->machines[MANY], m);
	is_list(bench_machines(b, "", INT64_MAX, 4096), 0, MANY + 1);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(list_is_by_name),
		CASE(list_of_nobody),
		CASE(list_goes_on_whoever_comes_or_goes),
		CASE(renamed_machine_is_at_its_new_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
