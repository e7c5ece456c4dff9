#ifndef TESTS_UNIT_SITE_GIVEN_H
#define TESTS_UNIT_SITE_GIVEN_H

#include <string.h>

#include "cmocka_all.h"

#include "site/parse.h"

/* The site of a text without faults; a fault fails the test. */
static inline struct site *
given(const char *text)
{
	struct site_source source = { "site.yaml", text, strlen(text) };
	struct site_findings findings;
	struct site *site = site_parse(&source, 1, &findings);

	if (findings.count)
		fail_msg("%d:%d: %s\n%s", findings.items[0].line, findings.items[0].column,
			 findings.items[0].text, text);
	assert_non_null(site);
	return site;
}

#endif
