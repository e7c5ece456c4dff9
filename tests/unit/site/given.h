#ifndef TESTS_UNIT_SITE_GIVEN_H
#define TESTS_UNIT_SITE_GIVEN_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

#include "lib/file.h"
#include "site/parse.h"

static inline struct site *
given_parse(const char *text, bool warned)
{
	struct site_source source = { "site.yaml", text, strlen(text) };
	struct site_findings findings;
	struct site *site = site_parse(&source, 1, &findings);

	if (!site || (!warned && findings.count))
		fail_msg("%d:%d: %s\n%s", findings.items[0].line, findings.items[0].column,
			 findings.items[0].text, text);
	site_findings_fini(&findings);
	return site;
}

/* The site of a text of which nothing is said at all. */
static inline struct site *
given(const char *text)
{
	return given_parse(text, false);
}

/* The site of a text that warnings may be said of; an error fails the test. */
static inline struct site *
given_warned(const char *text)
{
	return given_parse(text, true);
}

/* The same of a file. */
static inline struct site *
given_file(const char *path)
{
	struct site *site;
	struct err err;
	char *text;

	if (file_read(AT_FDCWD, path, &text, NULL, &err) != 0)
		fail_msg("%s", err.text);
	site = given_warned(text);
	free(text);
	return site;
}

#endif
