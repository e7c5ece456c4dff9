/*
 * Who needs an image: machines whose plan it is, that run it, or would fall back to it.
 */
#include "cli/uses.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "lib/http.h"
#include "lib/json.h"
#include "lib/str.h"
#include "sitedir/images.h"
#include "sitedir/remembered.h"
#include "sitedir/sources.h"

#define API "run/api.sock"
#define NAMED_MOST 8	/* machines named in the sentence */

struct uses {
	struct buf text;
	size_t count;
};

static void
add(struct uses *uses, const char *machine, const char *why)
{
	uses->count++;
	if (uses->count <= NAMED_MOST)
		buf_format(&uses->text, "%s%s %s", uses->count > 1 ? ", " : "", machine, why);
}

/* `answer` is GET /v1/images. */
static void
take_answer(struct uses *uses, const json_t *answer, const char *name, int generation)
{
	json_t *image, *use;
	size_t i, j;

	json_array_foreach(answer, i, image) {
		if (!str_eq(json_str(image, "name", NULL), name) ||
		    json_num(image, "generation", 0) != generation)
			continue;
		json_array_foreach(json_object_get(image, "uses"), j, use)
			add(uses, json_str(use, "machine", "?"), json_str(use, "why", "uses it"));
	}
}

/* 1: a server told. */
static int
ask_server(struct uses *uses, const char *name, int generation)
{
	struct http_ask ask = {
		.url = "http://bootserver/v1/images", .unix_path = API, .timeout_ms = 10000,
	};
	struct http_answer answer = { 0 };
	json_t *list = NULL;
	struct err err;
	int r = 0;

	if (access(API, F_OK) < 0 || http_ask(&ask, &answer, &err) < 0)
		return 0;
	if (answer.status == 200 && json_parse(&list, answer.body, answer.len, &err) == 0) {
		take_answer(uses, list, name, generation);
		r = 1;
	}
	json_decref(list);
	http_answer_fini(&answer);
	return r;
}

/* The reference a machine of the site file boots by (rules aside). */
static const char *
machine_ref(const struct site *site, const struct site_machine *machine)
{
	const char *ref = machine->boot.image;

	for (size_t i = 0; !ref && machine->profile && i < site->nprofiles; i++)
		if (str_eq(site->profiles[i].name, machine->profile))
			ref = site->profiles[i].boot.image;
	return ref ? ref : site->boot.image;
}

/* The generation that a reference without one means. */
static int
newest(const struct images *images, const char *name, enum site_arch arch)
{
	int found = 0;

	for (size_t i = 0; i < images->count; i++) {
		const struct image *image = &images->items[i];

		if (strcmp(image->name, name) == 0 && image->generation > found &&
		    !image->fault && (arch == SITE_ARCH_ANY || image_has_arch(image, arch)))
			found = image->generation;
	}
	return found;
}

/* Fails where the site's files have faults: their machines cannot be told. */
static int
look_into_site(struct uses *uses, const struct images *images, const char *name, int generation,
	       struct err *err)
{
	struct site_findings findings;
	struct site *site = NULL;
	char ref_name[64];
	struct err why;
	int number, r = sitedir_load(AT_FDCWD, &site, &findings, &why);

	if (r == -EINVAL)
		*err = why;
	for (size_t i = 0; site && i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];
		const char *ref = machine_ref(site, machine);

		if (!ref || image_ref_parse(ref_name, &number, ref) < 0 ||
		    strcmp(ref_name, name) != 0)
			continue;
		if (number == 0)
			number = newest(images, name, machine->arch);
		if (number == generation)
			add(uses, machine->name, "boots it next");
	}
	site_free(site);
	site_findings_fini(&findings);
	return r == -EINVAL ? r : 0;
}

/* What the engine of a server that has ended remembered. */
static int
look_into_database(struct uses *uses, const char *name, int generation, struct err *err)
{
	static const char query[] =
		"SELECT name, CASE last_good WHEN ?1 THEN 'would fall back to it'"
		" ELSE 'is to be reimaged with it' END FROM machines"
		" WHERE last_good = ?1 OR (image = ?2 AND generation = ?3) ORDER BY name";
	char *ref = str_format("%s@%d", name, generation);
	sqlite3_stmt *row = NULL;
	sqlite3 *sql = NULL;
	int r = remembered_open(AT_FDCWD, &sql, err);

	if (r < 0 || !sql)
		goto out;
	if (sqlite3_prepare_v2(sql, query, -1, &row, NULL) != SQLITE_OK) {
		r = err_set(err, -EIO, "cannot tell who needs it: the database: %s",
			    sqlite3_errmsg(sql));
		goto out;
	}
	sqlite3_bind_text(row, 1, ref, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, name, -1, SQLITE_STATIC);
	sqlite3_bind_int(row, 3, generation);
	while (sqlite3_step(row) == SQLITE_ROW)
		add(uses, (const char *)sqlite3_column_text(row, 0),
		    (const char *)sqlite3_column_text(row, 1));
out:
	sqlite3_finalize(row);
	sqlite3_close(sql);
	free(ref);
	return r;
}

static int
look_into_files(struct uses *uses, const char *name, int generation, struct err *err)
{
	struct images images;
	int r = images_list(AT_FDCWD, &images, err);

	if (r < 0)
		return r;
	r = look_into_site(uses, &images, name, generation, err);
	images_fini(&images);
	return r < 0 ? r : look_into_database(uses, name, generation, err);
}

char *
uses_find(const char *name, int generation, struct err *err)
{
	struct uses uses = { .count = 0 };

	buf_init(&uses.text);
	if (!ask_server(&uses, name, generation) &&
	    look_into_files(&uses, name, generation, err) < 0)
		uses.count = 0;
	if (uses.count > NAMED_MOST)
		buf_format(&uses.text, " and %zu more", uses.count - NAMED_MOST);
	if (uses.count)
		return uses.text.text;
	buf_fini(&uses.text);
	return NULL;
}
