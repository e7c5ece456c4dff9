/* Taints of nodes that have joined: see taint.h. */
#include "cloud-init/agent/taint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/apply.h"
#include "cloud-init/agent/child.h"
#include "lib/json.h"
#include "lib/str.h"

#define KUBECTL_MS 60000
#define WORDS_MOST 64

/* "KEY[=VALUE]:EFFECT", borrowed from a text. */
struct taint {
	const char *text;
	size_t len;		/* of all */
	size_t key;		/* of the key */
	size_t colon;		/* where the effect begins */
};

/* The next one of a list parted by commas; false: there is none. */
static bool
next(const char **list, struct taint *ret)
{
	const char *at = *list + strspn(*list, ",");
	size_t len = strcspn(at, ",");
	const char *colon = memrchr(at, ':', len);

	*list = at + len;
	if (len == 0)
		return false;
	*ret = (struct taint){ at, len, strcspn(at, "=:,"), colon ? (size_t)(colon - at) : len };
	return true;
}

/* Kubernetes knows a taint by its key and effect. */
static bool
same(const struct taint *a, const struct taint *b)
{
	return a->key == b->key && memcmp(a->text, b->text, a->key) == 0 &&
	       a->len - a->colon == b->len - b->colon &&
	       memcmp(a->text + a->colon, b->text + b->colon, a->len - a->colon) == 0;
}

static bool
is_listed(const struct taint *taint, const char *list)
{
	struct taint one;

	while (next(&list, &one))
		if (same(taint, &one))
			return true;
	return false;
}

/* The node's present taints in the form of `wanted`; the caller frees. */
static char *
present(const json_t *node)
{
	const json_t *list = json_object_get(json_object_get(node, "spec"), "taints");
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *value = json_str(one, "value", "");

		buf_format(&text, "%s%s%s%s:%s", i ? "," : "", json_str(one, "key", ""),
			   value[0] ? "=" : "", value, json_str(one, "effect", ""));
	}
	return text.text;
}

static const char *
noted(const json_t *node)
{
	const json_t *metadata = json_object_get(node, "metadata");

	return json_str(json_object_get(metadata, "annotations"), TAINT_NOTE, NULL);
}

/* Is it there with this very value? */
static bool
is_there(const struct taint *taint, const char *list)
{
	struct taint one;

	while (next(&list, &one))
		if (one.len == taint->len && memcmp(one.text, taint->text, one.len) == 0)
			return true;
	return false;
}

json_t *
taint_words(const json_t *node, const char *wanted)
{
	const char *old = noted(node), *list = wanted;
	char *now = present(node);
	json_t *words = json_array();
	struct taint one;

	while (next(&list, &one))
		if (!is_there(&one, now))
			json_array_append_new(words, json_stringn(one.text, one.len));
	while (old && next(&old, &one))
		if (!is_listed(&one, wanted) && is_listed(&one, now))
			json_array_append_new(words, json_sprintf(
				"%.*s%.*s-", (int)one.key, one.text,
				(int)(one.len - one.colon), one.text + one.colon));
	free(now);
	return words;
}

/* `kubectl taint` or `annotate` of one node. */
static int
change(const char *verb, const char *name, const json_t *words, struct err *err)
{
	const char *argv[WORDS_MOST + 8] = { "kubectl", APPLY_ADMIN, verb, "node", name,
					     "--overwrite" };
	size_t count = json_array_size(words);

	for (size_t i = 0; i < count && i < WORDS_MOST; i++)
		argv[6 + i] = json_string_value(json_array_get(words, i));
	return count ? child_must(argv, KUBECTL_MS, err) : 0;
}

static int
taint_one(const char *name, const char *wanted, struct err *err)
{
	const char *argv[] = { "kubectl", APPLY_ADMIN, "get", "node", name, "-o", "json", NULL };
	json_t *node = NULL, *words, *note;
	int r = apply_get(argv, KUBECTL_MS, &node, err);

	if (r < 0)
		return r;
	words = taint_words(node, wanted);
	r = change("taint", name, words, err);
	if (r == 0 && json_array_size(words) > 0)
		printf("the taints of %s are now: %s\n", name, wanted[0] ? wanted : "none");
	if (r == 0 && !str_eq(noted(node), wanted)) {
		note = json_pack("[o]", json_sprintf(TAINT_NOTE "=%s", wanted));
		r = change("annotate", name, note, err);
		json_decref(note);
	}
	json_decref(words);
	json_decref(node);
	return r;
}

void
taint_all(const json_t *wanted)
{
	const char *name;
	struct err err;
	json_t *one;

	json_object_foreach((json_t *)(uintptr_t)wanted, name, one)
		for (unsigned int tries = 0; json_is_string(one); tries++) {
			if (taint_one(name, json_string_value(one), &err) == 0)
				break;
			printf("not taken yet: %s\n", err.text);
			apply_rest(tries);
		}
}
