/* Scripts of strangers: whatever they say, they end or wait; nothing is read beyond its end. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "probe/script.h"
#include "probe/url.h"

#define TURNS 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct script script;
static struct script_fetch last;
static const char *text;

static void
on_fetch(void *arg, const struct script_fetch *what)
{
	struct url url;

	(void)arg;
	assert(strlen(what->name) < sizeof(what->name));
	url_parse(&url, what->url, NULL);
	last = *what;
}

static void
on_word(void *arg, const char *word)
{
	(void)arg;
	assert(word != NULL);
}

static void
on_pause(void *arg, const char *why, uint32_t ms)
{
	(void)arg, (void)ms;
	assert(why != NULL);
}

static void
on_boot(void *arg, const char *image, const char *args)
{
	(void)arg;
	assert(script_image(&script, image) != NULL && args != NULL);
}

static void
on_over(void *arg, int rc)
{
	(void)arg, (void)rc;
	assert(!script.running);
}

static const struct script_host host = {
	.fetch = on_fetch, .configure = on_word, .pause = on_pause, .boot = on_boot,
	.binary = on_word, .say = on_word, .over = on_over,
};

/* Each second thing that was begun ends well; what is fetched is the script itself. */
static void
turn(int number)
{
	struct script_image image = { .text = (char *)(uintptr_t)text };
	int rc = number % 2 == 0 ? 0 : -1;

	if (last.command != NULL && rc == 0) {
		str_copy(image.name, sizeof(image.name), last.name);
		script_add_image(&script, &image);
	}
	last.command = NULL;
	script_ended(&script, rc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = str_format("%.*s", (int)len, (const char *)data);

	text = copy;
	last.command = NULL;
	script = (struct script){ .host = &host, .efi = true };
	settings_set(&script.settings, "net0/mac", "52:54:00:00:00:01");
	script_start(&script, copy);
	for (int i = 0; i < TURNS && script.running; i++)
		turn(i);
	script_fini(&script);
	free(copy);
	return 0;
}
