/* Machines written through the operator's API: see edit.h. */
#include "engine/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core.h"
#include "engine/start.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"
#include "sitedir/edits.h"

/* The site of these files, or the first error that is in them. */
static int
parse(const struct sources *sources, struct site **ret, struct err *err)
{
	struct site_findings findings;
	struct site *site = site_parse(sources->items, sources->count, &findings);
	int r = 0;

	for (size_t i = 0; !site && i < findings.count; i++) {
		const struct site_finding *f = &findings.items[i];

		if (!f->error)
			continue;
		r = err_set(err, -EINVAL, "%s", f->text);
		str_copy(err->file, sizeof(err->file), f->file);
		err->line = f->line;
		err->column = f->column;
		break;
	}
	site_findings_fini(&findings);
	*ret = site;
	return r;
}

/* Is this machine the API's to write? */
static int
may_write(const struct engine *e, const struct edit_ask *ask, const char *path, struct err *err)
{
	const struct site_source *file = sources_find(&e->sources, path);
	const struct site_machine *s = site_find_name(e->site, ask->name);
	const char *where = s ? e->site->files[s->place.file] : NULL;

	if (file && !edits_ours(file->text, file->len))
		return err_set(err, -EEXIST, "%s was not written by the API: change it by hand",
			       path);
	if (where && strcmp(where, path) != 0)
		return err_set(err, -EEXIST, "%s stands in %s:%d: change it by hand", ask->name,
			       where, s->place.line);
	if (s && ask->fresh)
		return err_set(err, -EEXIST, "there is a machine %s already", ask->name);
	if (!s && !ask->machine)
		return err_set(err, -ENOENT, "there is no such machine: %s", ask->name);
	return 0;
}

/* The file's text; the body may leave out the name that the path has. */
static int
format(const struct edit_ask *ask, char **ret, struct err *err)
{
	json_t *named;
	int r;

	*ret = NULL;
	if (!ask->machine)
		return 0;
	if (!str_is_label(ask->name))
		return err_set(err, -EINVAL, "a machine's name is made of a-z, 0-9 and '-' (at "
			       "most 63, '-' not at the ends)");
	named = json_copy((json_t *)(uintptr_t)ask->machine);
	if (!json_object_get(named, "name"))
		json_put(named, "name", ask->name);
	if (str_eq(json_str(named, "name", NULL), ask->name))
		r = edits_format(named, ret, err);
	else
		r = err_set(err, -EINVAL, "the name in the body is not the one in the path");
	json_decref(named);
	return r;
}

static int
check(const struct engine *e, const char *path, const char *text, struct err *err)
{
	struct sources changed;
	struct site *site;
	int r;

	sources_with(&changed, &e->sources, path, text);
	r = parse(&changed, &site, err);
	site_free(site);
	sources_fini(&changed);
	return r;
}

static int
begin(struct engine *e, const struct edit_ask *ask, struct err *err)
{
	struct edit *edit = &e->edit;
	char path[EDITS_PATH], *text;
	json_t *order;
	int r = format(ask, &text, err);

	if (r < 0)
		return r;
	edits_path(path, ask->name);
	r = may_write(e, ask, path, err);
	if (r == 0)
		r = check(e, path, text, err);
	if (r < 0) {
		free(text);
		return r;
	}
	edit->busy = true;
	edit->who = ask->who;
	edit->path = str_dup(path);
	edit->text = text;
	order = json_object();
	json_put(order, "type", "site-file");
	json_put_num(order, "id", ++edit->id);
	json_put(order, "name", ask->name);
	json_put(order, "text", text);
	engine_send(e, e->keeper, order);
	return -EAGAIN;
}

int
edit_machine(struct engine *e, const struct edit_ask *ask, struct err *err)
{
	struct edit *edit = &e->edit;

	if (edit->over && edit->who == ask->who) {
		edit->over = false;
		*err = edit->fault;
		return edit->result;
	}
	return edit->busy || edit->over ? -EAGAIN : begin(e, ask, err);
}

bool
edit_waits(const struct engine *e, const void *who)
{
	return (e->edit.busy || e->edit.over) && e->edit.who == who;
}

void
edit_forget(struct engine *e, const void *who)
{
	if (e->edit.who != who)
		return;
	e->edit.who = NULL;
	e->edit.over = false;
}

json_t *
edit_settings(const struct engine *e, const char *name)
{
	const struct site_source *file;
	char path[EDITS_PATH];

	edits_path(path, name);
	file = sources_find(&e->sources, path);
	return file ? edits_parse(file->text, file->len) : NULL;
}

/* The file is there: the site with it is taken.  A reload may have come in between, so it is
 * checked once more. */
static int
take(struct engine *e, struct err *err)
{
	struct sources changed;
	struct site *site;
	int r;

	sources_with(&changed, &e->sources, e->edit.path, e->edit.text);
	r = parse(&changed, &site, err);
	if (r == 0)
		r = start_with(e, &changed, site, err);
	else
		sources_fini(&changed);
	return r;
}

void
edit_answer(struct engine *e, const json_t *body)
{
	struct edit *edit = &e->edit;

	if (!edit->busy || json_num(body, "id", 0) != edit->id)
		return;
	if (json_flag(body, "ok", false))
		edit->result = take(e, &edit->fault);
	else
		edit->result = err_set(&edit->fault, -EEXIST, "%s",
				       json_str(body, "text", "the file cannot be written"));
	if (edit->result < 0)
		log_error("text=\"%s\"", edit->fault.text);
	else
		log_info("text=\"%s %s by the operator\"", edit->path,
			 edit->text ? "written" : "removed");
	free(edit->path);
	free(edit->text);
	edit->path = edit->text = NULL;
	edit->busy = false;
	edit->over = edit->who != NULL;
	if (edit->wake)
		edit->wake(edit->arg);
}

void
edit_fini(struct engine *e)
{
	free(e->edit.path);
	free(e->edit.text);
}
