/* The head of a script: whatever the values (JSON), no line of it says anything but `set`. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/str.h"
#include "lib/words.h"
#include "plan/script.h"

#define PLAIN "#!ipxe\n# plain\nshell\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
look_at_head(const char *text, size_t values)
{
	const char *end = strstr(text, "# plain\n");

	assert(str_starts(text, "#!ipxe\n") && end != NULL);
	text += strlen("#!ipxe\n");
	for (; values > 0; values--) {
		size_t line = strcspn(text, "\n");
		char *copy = str_format("%.*s", (int)line, text);

		assert(str_starts(copy, "set ") && words_bad_sign(copy) == NULL);
		free(copy);
		text += line + 1;
	}
	assert(text == end && strcmp(end, PLAIN + strlen("#!ipxe\n")) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err err = { .text = "" };
	char *text = NULL;
	json_t *vars;
	int code;

	if (json_parse(&vars, (const char *)data, len, &err) < 0)
		return 0;
	if (json_is_object(vars)) {
		code = script_render(vars, PLAIN, &text, &err);
		if (code == 0)
			look_at_head(text, json_object_size(vars));
		else
			assert(code == -EINVAL && text == NULL && err.text[0] != '\0');
		free(text);
	}
	json_decref(vars);
	return 0;
}
