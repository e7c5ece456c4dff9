/* See settings.h; iPXE's src/core/settings.c, expand_settings(). */
#include "probe/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

#define NAME_MOST 256
#define EXPANDED_MOST (16 * 1024)	/* bytes */
#define EXPANSIONS 256			/* in one text */

void
settings_fini(struct settings *settings)
{
	while (settings->first != NULL) {
		struct setting *setting = settings->first;

		settings->first = setting->next;
		free(setting->name);
		free(setting->value);
		free(setting);
	}
}

/* The name alone; the type that stood behind it, or "". */
static const char *
split(char ret[NAME_MOST], const char *name, size_t len)
{
	size_t n = len < NAME_MOST ? len : NAME_MOST - 1;
	char *colon;

	memcpy(ret, name, n);
	ret[n] = '\0';
	colon = strchr(ret, ':');
	if (colon == NULL)
		return "";
	*colon = '\0';
	return colon + 1;
}

static struct setting *
named(const struct settings *settings, const char *name)
{
	for (struct setting *s = settings->first; s != NULL; s = s->next)
		if (str_eq(s->name, name))
			return s;
	return NULL;
}

const struct setting *
settings_find(const struct settings *settings, const char *name)
{
	char key[NAME_MOST + 8];
	const struct setting *found;

	if (str_starts(name, "netX/")) {
		snprintf(key, sizeof(key), "net0/%s", name + 5);
		return named(settings, key);
	}
	found = named(settings, name);
	if (found != NULL || strchr(name, '/') != NULL)
		return found;
	snprintf(key, sizeof(key), "net0/%.*s", NAME_MOST, name);
	return named(settings, key);
}

static void
settings_clear(struct settings *settings, const char *name)
{
	for (struct setting **at = &settings->first; *at != NULL; at = &(*at)->next) {
		struct setting *old = *at;

		if (!str_eq(old->name, name))
			continue;
		*at = old->next;
		free(old->name);
		free(old->value);
		free(old);
		return;
	}
}

void
settings_set(struct settings *settings, const char *name, const char *value)
{
	char key[NAME_MOST];
	const char *type = split(key, name, strlen(name));
	struct setting *setting;

	settings_clear(settings, key);
	if (value == NULL || value[0] == '\0')
		return;
	setting = mem_new(sizeof(*setting));
	setting->name = str_dup(key);
	setting->value = str_dup(value);
	setting->number = str_starts(type, "int") || str_starts(type, "uint");
	setting->next = settings->first;
	settings->first = setting;
}

static void
add_uri(struct buf *text, const char *value)
{
	for (; *value != '\0'; value++) {
		bool plain = (*value >= '0' && *value <= '9') || (*value >= 'A' && *value <= 'Z') ||
			     (*value >= 'a' && *value <= 'z') || strchr("-._~", *value) != NULL;

		if (plain)
			buf_add(text, value, 1);
		else
			buf_format(text, "%%%02X", (unsigned char)*value);
	}
}

static void
add_value(struct buf *text, const char *value, const char *type)
{
	if (str_eq(type, "uristring")) {
		add_uri(text, value);
		return;
	}
	for (; *value != '\0'; value++)
		buf_add(text, str_eq(type, "hexhyp") && *value == ':' ? "-" : value, 1);
}

/* Replaces the innermost ${…} that comes last; false when there is none. */
static bool
expand_one(const struct settings *settings, struct buf *text)
{
	char *from = NULL, *at = text->text, *end, *rest, key[NAME_MOST];
	const struct setting *found;
	const char *type;

	while ((at = strstr(at, "${")) != NULL)
		from = at++;
	end = from != NULL ? strchr(from, '}') : NULL;
	if (end == NULL)
		return false;
	type = split(key, from + 2, (size_t)(end - from - 2));
	rest = str_dup(end + 1);
	text->len = (size_t)(from - text->text);
	*from = '\0';
	found = settings_find(settings, key);
	if (found != NULL)
		add_value(text, found->value, type);
	buf_text(text, rest);
	free(rest);
	return true;
}

char *
settings_expand(const struct settings *settings, const char *text)
{
	struct buf ret;
	int count = 0;

	buf_init(&ret);
	buf_text(&ret, text);
	while (expand_one(settings, &ret))
		if (++count > EXPANSIONS || ret.len > EXPANDED_MOST) {
			buf_fini(&ret);
			return NULL;
		}
	return ret.text;
}
