/* The decision, case by case: tests/golden/plan/choose.in against choose.ok. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "plan/phase.h"
#include "plan/plan.h"
#include "tests/unit/site/given.h"

#define GOLDEN "tests/golden/plan/"

#define PARTS .kernel = { "k", 1 }, .initrd = { "i", 2 }, .root = { "r", 3 }
static const struct plan_image images[] = {
	{ "edge", 1, SITE_ARCH_AMD64, PARTS },
	{ "edge", 1, SITE_ARCH_ARM64, PARTS },
	{ "edge", 10, SITE_ARCH_AMD64, PARTS },
	{ "edge", 2, SITE_ARCH_ARM64, PARTS },
	{ "edge", 3, SITE_ARCH_AMD64, PARTS },
	{ "edge", 11, SITE_ARCH_AMD64, PARTS, .fault = "its signature is bad" },
	{ "edge", 11, SITE_ARCH_ARM64, PARTS, .fault = "its signature is bad" },
	{ "tiny", 4, SITE_ARCH_AMD64, .kernel = { "k", 1 }, .initrd = { "i", 2 } },
	{ "broken", 2, SITE_ARCH_AMD64, .fault = "nobody the site trusts signed it" },
	{ "broken", 2, SITE_ARCH_ARM64, .fault = "nobody the site trusts signed it" },
};

struct asked {
	struct plan_claims claims;
	struct plan_history history;
	const struct site_machine *machine;
};

static char *
read_golden(const char *name)
{
	char path[128], *text = NULL;
	struct err err;

	snprintf(path, sizeof(path), GOLDEN "%s", name);
	if (file_read(AT_FDCWD, path, &text, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return text;
}

static void
take_text(char *ret, size_t size, const char *value)
{
	str_copy(ret, size, value);
	for (char *c = ret; *c; c++)
		if (*c == '_' && ret[0] == 'D')	/* "Dell_Inc." is "Dell Inc." */
			*c = ' ';
}

static void
take_word(struct asked *asked, const struct site *site, char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	if (strcmp(word, "name") == 0)
		asked->machine = site_find_name(site, value);
	else if (strcmp(word, "arch") == 0)
		take_text(asked->claims.buildarch, sizeof(asked->claims.buildarch), value);
	else if (strcmp(word, "platform") == 0)
		take_text(asked->claims.platform, sizeof(asked->claims.platform), value);
	else if (strcmp(word, "product") == 0)
		take_text(asked->claims.product, sizeof(asked->claims.product), value);
	else if (strcmp(word, "manufacturer") == 0)
		take_text(asked->claims.manufacturer, sizeof(asked->claims.manufacturer), value);
	else if (strcmp(word, "cpu64") == 0)
		asked->claims.cpu64 = true;
	else if (strcmp(word, "approved") == 0)
		asked->history.approved = true;
	else if (strcmp(word, "image") == 0)
		asked->history.image = value;
	else if (strcmp(word, "generation") == 0)
		asked->history.generation = atoi(value);
	else if (strcmp(word, "good") == 0)
		asked->history.last_good = value;
	else if (strcmp(word, "abandoned") == 0)
		asked->history.abandoned = value;
	else if (strcmp(word, "kind") == 0)
		asked->history.kind_set = plan_kind_parse(&asked->history.kind, value) == 0;
	else
		fail_msg("no word \"%s\" in a case", word);
}

static void
answer(const struct site *site, const char *line, struct buf *ret)
{
	struct asked asked = { .history.code = "ABCD-2345" };
	char *words = str_dup(line), *rest = words, *word;
	struct site_boot boot;
	struct plan_ask ask = {
		.site = site, .claims = &asked.claims, .history = &asked.history, .images = images,
		.nimages = sizeof(images) / sizeof(images[0]),
	};
	struct plan plan;

	while ((word = strsep(&rest, " ")) != NULL)
		take_word(&asked, site, word);
	ask.machine = asked.machine;
	plan_choose(&ask, &plan);
	plan_settings(site, asked.machine, &asked.claims, &boot);
	buf_format(ret, "%s\n  %s: %s\n", line, plan_kind_name(plan.kind), plan.reason);
	if (plan.kind == PLAN_IMAGE)
		buf_format(ret, "  %s@%d %s, args %s, state %lld GiB%s\n", plan.image->name,
			   plan.image->generation, site_arch_name(plan.image->arch), plan.args,
			   (long long)(boot.state_size >> 30), boot.diskless ? ", diskless" : "");
	free(words);
}

static void
each_case_gets_its_plan(void **state)
{
	char *in = read_golden("choose.in"), *ok = read_golden("choose.ok"), *rest = in, *line;
	struct site *site = given_file(GOLDEN "site.yaml");
	struct buf got;
	struct err err;
	int cases = 0;

	(void)state;
	buf_init(&got);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] && line[0] != '#') {
			answer(site, line, &got);
			cases++;
		}
	if (strcmp(got.text, ok) != 0) {
		file_write((struct file_new){ AT_FDCWD, "build/choose.got", 0644 }, got.text,
			   got.len, &err);
		fail_msg("build/choose.got differs from " GOLDEN "choose.ok");
	}
	assert_true(cases > 30);
	buf_fini(&got);
	site_free(site);
	free(ok);
	free(in);
}

static void
no_image_named_is_said(void **state)
{
	struct plan_claims claims = { .buildarch = "x86_64" };
	struct plan_history history = { .approved = true };
	struct site site = { .boot = { .state_size = -1, .rest = -1, .diskless = -1 } };
	struct plan_ask ask = { .site = &site, .claims = &claims, .history = &history };
	struct plan plan;

	(void)state;
	plan_choose(&ask, &plan);
	assert_int_equal(plan.kind, PLAN_FAILURE);
	assert_string_equal(plan.reason, "no image is named: put image: NAME into site.yaml");
}

static void
kinds_and_phases_have_names_that_parse_back(void **state)
{
	enum plan_kind kind;
	enum phase phase;
	enum phase_state at;

	(void)state;
	for (int i = PLAN_IMAGE; i < PLAN_FAILURE; i++) {
		assert_int_equal(plan_kind_parse(&kind, plan_kind_name((enum plan_kind)i)), 0);
		assert_int_equal(kind, i);
	}
	/* nobody asks for a failure */
	assert_true(plan_kind_parse(&kind, "failure") < 0);
	assert_true(plan_kind_parse(&kind, "") < 0);
	for (int i = 0; i < PHASE_COUNT; i++) {
		assert_int_equal(phase_parse(&phase, phase_name((enum phase)i)), 0);
		assert_int_equal(phase, i);
	}
	assert_true(phase_parse(&phase, "kernel ") < 0);
	for (int i = STATE_BEGIN; i <= STATE_NOTE; i++) {
		assert_int_equal(phase_state_parse(&at, phase_state_name((enum phase_state)i)), 0);
		assert_int_equal(at, i);
	}
	assert_true(phase_state_parse(&at, "ended") < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_gets_its_plan),
		cmocka_unit_test(no_image_named_is_said),
		cmocka_unit_test(kinds_and_phases_have_names_that_parse_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
