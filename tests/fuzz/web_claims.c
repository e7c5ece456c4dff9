/* Claims of strangers, "name=value" each line: what is taken is printable, short, and stays the
 * same when it is taken again. */
#include <assert.h>
#include <string.h>

#include "lib/json.h"
#include "web/claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
take_line(json_t *claims, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);
	char name[16] = "";
	size_t name_len = equals ? (size_t)(equals - line) : 0;

	if (!equals || name_len >= sizeof(name))
		return;
	memcpy(name, line, name_len);
	claims_take(claims, name, equals + 1, len - name_len - 1);
}

static void
check(const json_t *claims)
{
	json_t *again = json_object();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)claims, name, value) {
		const char *text = json_string_value(value);

		assert(*text && strlen(text) <= CLAIMS_TEXT);
		for (const char *at = text; *at; at++)
			assert(*at >= 0x20 && *at <= 0x7e);
		assert(claims_take(again, name, text, strlen(text)));
	}
	assert(json_equal((json_t *)(uintptr_t)claims, again));
	json_decref(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *claims = json_object();
	const char *at = (const char *)data;

	while (len > 0) {
		const char *end = memchr(at, '\n', len);
		size_t line = end ? (size_t)(end - at) : len;

		take_line(claims, at, line);
		at += line + (end != NULL);
		len -= line + (end != NULL);
	}
	check(claims);
	json_decref(claims);
	return 0;
}
