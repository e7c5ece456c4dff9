/*
 * The script a machine is given: a head of `set name value` lines before one of the plain files of
 * ipxe-scripts/.  iPXE expands ${…} again and again, splits a line at blanks and joins commands by
 * "||", "&&" and ";" (its src/core/exec.c), so what may stand in a value is a closed set of signs
 * in which none of that can be said.
 */
#include "plan/script.h"

#include <errno.h>
#include <string.h>

#include "lib/str.h"
#include "lib/words.h"

#define VALUE_MAX 1024

int
script_value_check(const char *value, struct err *err)
{
	const char *bad = words_bad_sign(value);
	size_t len = strlen(value);

	if (len > VALUE_MAX)
		return err_set(err, -EINVAL, "a value of %zu bytes is too long for a script", len);
	if (bad != NULL && *bad > ' ' && *bad < 0x7f)
		return err_set(err, -EINVAL, "'%c' cannot stand in a script's value", *bad);
	if (bad != NULL)
		return err_set(err, -EINVAL, "byte 0x%02x cannot stand in a script's value",
			       (unsigned char)*bad);
	return 0;
}

static int
name_check(const char *name, struct err *err)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (len == 0 || name[len] != '\0' || len > 64 || name[0] == '-')
		return err_set(err, -EINVAL, "\"%.64s\" cannot be the name of a script's value",
			       name);
	return 0;
}

static int
head_add(struct buf *head, const char *name, const json_t *value, struct err *err)
{
	const char *text = json_string_value(value);
	int rc = name_check(name, err);

	if (rc < 0)
		return rc;
	if (text == NULL || strlen(text) != json_string_length(value))
		return err_set(err, -EINVAL, "%s of a script is no text", name);
	rc = script_value_check(text, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", name);
	buf_text(head, "set ");
	buf_text(head, name);
	/* iPXE joins what stands behind the name with single blanks; nothing there clears it */
	if (text[strspn(text, " ")] != '\0') {
		buf_text(head, " ");
		buf_text(head, text);
	}
	buf_text(head, "\n");
	return 0;
}

/* What stands behind the first line of `plain`, which must be "#!ipxe". */
static const char *
plain_body(const char *plain, struct err *err)
{
	static const char magic[] = "#!ipxe\n";

	if (!str_starts(plain, magic)) {
		err_set(err, -EINVAL, "a script does not begin with \"#!ipxe\"");
		return NULL;
	}
	return plain + strlen(magic);
}

int
script_render(const json_t *vars, const char *plain, char **ret, struct err *err)
{
	const char *body = plain_body(plain, err);
	const char *name;
	json_t *value;
	struct buf text;
	int rc = 0;

	if (body == NULL)
		return -EINVAL;
	buf_init(&text);
	buf_text(&text, "#!ipxe\n");
	json_object_foreach((json_t *)vars, name, value) {
		rc = head_add(&text, name, value, err);
		if (rc < 0)
			goto out;
	}
	buf_text(&text, body);
	*ret = text.text;
	return 0;
out:
	buf_fini(&text);
	return rc;
}

void
script_clean(char *text)
{
	char *bad;

	while ((bad = (char *)words_bad_sign(text)) != NULL)
		*bad = '_';
}
