/* Scripts, their lines and what joins the commands of a line: see script.h. */
#include "probe/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

#define FUEL 10000

static const char blanks[] = " \t\r";

bool
script_is_script(const char *text)
{
	static const char magic[] = "#!ipxe";

	return str_starts(text, magic) && (text[6] == '\n' || text[6] == '\r' || text[6] == ' ' ||
					   text[6] == '\0');
}

static void
pop(struct script *script)
{
	struct script_frame *frame = &script->frames[--script->depth];

	free(frame->text);
	free(frame->words);
	*frame = (struct script_frame){ 0 };
}

static int
push(struct script *script, const char *text, const char *owner)
{
	struct script_frame *frame;

	if (script->depth >= SCRIPT_DEPTH)
		return -ELOOP;
	frame = &script->frames[script->depth++];
	*frame = (struct script_frame){ .text = str_dup(text) };
	str_copy(frame->owner, sizeof(frame->owner), owner);
	return 0;
}

void
script_fini(struct script *script)
{
	while (script->depth > 0)
		pop(script);
	while (script->images != NULL)
		script_drop_image(script, script->images->name);
	settings_fini(&script->settings);
}

const struct script_image *
script_image(const struct script *script, const char *name)
{
	for (const struct script_image *i = script->images; i != NULL; i = i->next)
		if (str_eq(i->name, name))
			return i;
	return NULL;
}

void
script_drop_image(struct script *script, const char *name)
{
	for (struct script_image **at = &script->images; *at != NULL; at = &(*at)->next) {
		struct script_image *old = *at;

		if (!str_eq(old->name, name))
			continue;
		*at = old->next;
		free(old->text);
		free(old);
		return;
	}
}

void
script_add_image(struct script *script, const struct script_image *image)
{
	struct script_image *new = mem_new(sizeof(*new));

	*new = *image;
	new->text = str_dup(image->text);
	script_drop_image(script, image->name);
	new->next = script->images;
	script->images = new;
}

/* The next line that says something, without its end; NULL at the end of the script. */
static const char *
next_line(struct script_frame *frame, size_t *ret_len)
{
	while (frame->text[frame->at] != '\0') {
		const char *line = frame->text + frame->at;
		size_t len = strcspn(line, "\n"), blank = strspn(line, blanks);

		frame->at += len + (line[len] == '\n');
		if (blank >= len || line[blank] == '#' || line[blank] == ':')
			continue;
		*ret_len = len;
		return line;
	}
	return NULL;
}

int
script_goto(struct script *script, const char *label)
{
	struct script_frame *frame = &script->frames[script->depth - 1];
	const char *line = frame->text;
	size_t want = strlen(label);

	while (*line != '\0') {
		size_t len = strcspn(line, "\n"), blank = strspn(line, blanks);

		if (blank < len && line[blank] == ':' && want > 0 &&
		    strncmp(line + blank + 1, label, want) == 0 &&
		    strcspn(line + blank + 1, " \t\r\n") == want) {
			frame->at = (size_t)(line - frame->text) + len + (line[len] == '\n');
			frame->argc = frame->next = 0;	/* the rest of the line is left */
			return 0;
		}
		line += len + (line[len] == '\n');
	}
	return -ENOENT;
}

static int
take_line(struct script_frame *frame, const char *line, size_t len)
{
	char *save = NULL;

	free(frame->words);
	frame->words = str_format("%.*s", (int)len, line);
	frame->argc = frame->next = 0;
	frame->skip = false;
	frame->rc = 0;
	for (char *word = strtok_r(frame->words, blanks, &save); word != NULL;
	     word = strtok_r(NULL, blanks, &save)) {
		if (frame->argc >= SCRIPT_ARGS)
			return -E2BIG;
		frame->argv[frame->argc++] = word;
	}
	return 0;
}

static bool
joins(const char *word)
{
	return str_eq(word, "||") || str_eq(word, "&&") || str_eq(word, ";");
}

/* Behind a command: is the next one left out? */
static void
join(struct script_frame *frame)
{
	const char *word;

	if (frame->next >= frame->argc)
		return;
	word = frame->argv[frame->next++];
	frame->skip = (word[0] == '|' && frame->rc >= 0) || (word[0] == '&' && frame->rc < 0);
	if (frame->next >= frame->argc && !frame->skip)
		frame->rc = 0;		/* nothing stands there, and nothing succeeds: "x ||" */
}

/* Each word is expanded by itself, so that what a value holds joins nothing. */
static int
run_command(struct script *script, char **words, size_t count)
{
	char *argv[SCRIPT_ARGS + 1] = { NULL };
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		argv[i] = settings_expand(&script->settings, words[i]);
		r = argv[i] == NULL ? -E2BIG : 0;
	}
	if (r == 0 && count > 0 && argv[0][0] != '\0')
		r = command_run(script, (int)count, argv);
	for (size_t i = 0; i < count; i++)
		free(argv[i]);
	return r;
}

static void
note(struct script *script, int rc)
{
	char text[16];

	script->frames[script->depth - 1].rc = rc;
	if (rc >= 0)
		return;		/* what succeeds does not clear it */
	snprintf(text, sizeof(text), "%08x", (unsigned)-rc);
	settings_set(&script->settings, "errno", text);
}

/* The script that runs has ended: its result is that of the command that chained to it. */
static void
script_end(struct script *script, int rc)
{
	char owner[SCRIPT_NAME];

	str_copy(owner, sizeof(owner), script->frames[script->depth - 1].owner);
	pop(script);
	script_drop_image(script, owner);
	if (script->depth == 0) {
		script->running = false;
		script->host->over(script->arg, rc);
		return;
	}
	note(script, rc);
	join(&script->frames[script->depth - 1]);
}

/* One command of the line. */
static void
one_command(struct script *script)
{
	struct script_frame *frame = &script->frames[script->depth - 1];
	size_t from = frame->next;
	bool skip = frame->skip;
	int r;

	while (frame->next < frame->argc && !joins(frame->argv[frame->next]))
		frame->next++;
	if (skip) {
		join(frame);
		return;
	}
	if (script->fuel == 0 || --script->fuel == 0) {
		script->host->say(script->arg, "This script has no end.");
		r = -ELOOP;
		frame->argc = frame->next = 0;
		frame->at = strlen(frame->text);
	} else {
		r = run_command(script, frame->argv + from, frame->next - from);
	}
	if (r == SCRIPT_WAIT) {
		script->waiting = true;
	} else if (r == SCRIPT_EXIT) {
		script_end(script, frame->rc);
	} else {
		note(script, r);
		join(frame);
	}
}

static void
run(struct script *script)
{
	while (script->running && !script->waiting) {
		struct script_frame *frame = &script->frames[script->depth - 1];
		const char *line;
		size_t len;

		if (frame->next < frame->argc) {
			one_command(script);
			continue;
		}
		if (frame->rc < 0) {
			script_end(script, frame->rc);
			continue;
		}
		line = next_line(frame, &len);
		if (line == NULL)
			script_end(script, frame->rc);
		else if (take_line(frame, line, len) < 0)
			script_end(script, -E2BIG);
	}
}

void
script_start(struct script *script, const char *text)
{
	while (script->depth > 0)
		pop(script);
	script->waiting = false;
	script->running = true;
	script->chain[0] = '\0';
	script->fuel = FUEL;
	push(script, text, "");
	run(script);
}

/* The image that was chained to has come. */
static int
execute(struct script *script)
{
	const struct script_image *image = script_image(script, script->chain);

	script->chain[0] = '\0';
	if (image == NULL)
		return -ENOENT;
	if (image->text != NULL && script_is_script(image->text))
		return push(script, image->text, image->name);
	script->host->binary(script->arg, image->name);
	return SCRIPT_WAIT;
}

void
script_ended(struct script *script, int rc)
{
	size_t depth = script->depth;

	if (!script->running || !script->waiting)
		return;
	script->waiting = false;
	script->fuel = FUEL;
	if (script->chain[0] != '\0' && rc == 0) {
		rc = execute(script);
		if (rc == SCRIPT_WAIT) {
			script->waiting = true;
			return;
		}
	}
	script->chain[0] = '\0';
	if (script->depth == depth) {
		note(script, rc);
		join(&script->frames[script->depth - 1]);
	}
	run(script);
}
