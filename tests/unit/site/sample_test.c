/*
 * What the schema table writes: a sample that is a good site file, as it is and with every proposal
 * taken, and docs/SITE-FILE.md.  UPDATE=1 writes that page anew.
 */
#include "cmocka_all.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "site/parse.h"
#include "site/schema.h"
#include "tests/unit/site/given.h"

static void
as_it_is(void **state)
{
	char *text = site_sample(NULL, NULL, NULL, NULL, NULL);
	struct site *site = given(text);

	(void)state;
	assert_string_equal(site->name, "lab");
	assert_int_equal(site->dhcp, SITE_DHCP_AUTHORITATIVE);
	assert_string_equal(site->boot.image, "edge");
	assert_int_equal(site->nmachines, 0);
	site_free(site);
	free(text);
}

static void
filled_in(void **state)
{
	char *text = site_sample("edge-7", "edge.example", "enp3s0", "192.168.7.1/25",
				 "192.168.7.64-192.168.7.126");
	struct site *site = given(text);

	(void)state;
	assert_string_equal(site->name, "edge-7");
	assert_string_equal(site->domain, "edge.example");
	assert_string_equal(site->interface, "enp3s0");
	assert_int_equal(site->address.prefix, 25);
	assert_int_equal(site->range_last, 0xc0a8077e);
	site_free(site);
	free(text);
}

/* A proposal is '#' and then the line itself, indented or not; a comment has one space between. */
static void
proposals_taken(void **state)
{
	char *text = site_sample(NULL, NULL, NULL, NULL, NULL), *to = text;
	struct site *site;
	bool begun = true;

	(void)state;
	for (const char *from = text; *from; from++) {
		bool proposal = begun && *from == '#' && (islower((unsigned char)from[1]) ||
							  strncmp(from + 1, "  ", 2) == 0);

		begun = *from == '\n' || (begun && *from == ' ');
		if (!proposal)
			*to++ = *from;
	}
	*to = '\0';
	site = given(text);
	assert_int_equal(site->nmachines, 1);
	assert_int_equal(site->nracks, 1);
	assert_int_equal(site->nprofiles, 1);
	assert_int_equal(site->nrules, 1);
	assert_int_equal(site->ssh_keys.count, 1);
	assert_string_equal(site->boot.firmware, "ipxe-amd64.efi");
	assert_true(site->kubernetes.place.line && site->storage.place.line);
	assert_int_equal(site->load_balancer.npools, 1);
	assert_int_equal(site->enrolment_control_plane, SITE_ENROL_APPROVE);
	site_free(site);
	free(text);
}

/* Each row's sample and default are themselves good, and each row is explained. */
static void
rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (row->type == SCHEMA_INCLUDE)
			continue;
		assert_non_null(row->help);
		if (row->type == SCHEMA_REFUSED)
			continue;
		if (row->help[strlen(row->help) - 1] != '.')
			fail_msg("%s: the help is no sentence", row->key);
		if (row->type > SCHEMA_PAIRS && !row->sample)
			fail_msg("%s has no sample", row->key);
	}
}

static void
reference_is_current(void **state)
{
	char *text = site_reference(), *page;
	struct err err;

	(void)state;
	if (getenv("UPDATE"))
		assert_int_equal(file_write((struct file_new){ AT_FDCWD, "docs/SITE-FILE.md",
							       0644 },
					    text, strlen(text), &err), 0);
	if (file_read(AT_FDCWD, "docs/SITE-FILE.md", &page, NULL, &err) < 0)
		fail_msg("%s", err.text);
	if (strcmp(page, text) != 0)
		fail_msg("docs/SITE-FILE.md is not what the schema table says: run "
			 "`UPDATE=1 build/tests/unit/site/sample_test`");
	free(page);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_is), cmocka_unit_test(filled_in),
		cmocka_unit_test(proposals_taken), cmocka_unit_test(rows),
		cmocka_unit_test(reference_is_current),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
