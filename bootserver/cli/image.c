/*
 * `image`: the store as a person sees and changes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/uses.h"
#include "lib/clock.h"
#include "lib/http.h"
#include "lib/json.h"
#include "lib/str.h"
#include "sitedir/sources.h"
#include "sitedir/store.h"

#define API "run/api.sock"

/* A line on the terminal that shows how far a part is. */
struct progress {
	bool shown;
	int64_t last_ms;
};

static void
progress_moved(void *arg, const struct image_part *part, uint64_t done)
{
	struct progress *progress = arg;
	int64_t now = clock_mono_ms();

	if (now - progress->last_ms < 100 && done < part->size)
		return;
	progress->last_ms = now;
	progress->shown = true;
	fprintf(stderr, "\r\033[K%s (%s) %" PRIu64 " of %" PRIu64 " MiB", part->part,
		site_arch_name(part->arch), done >> 20, part->size >> 20);
}

static void
progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

/* Tells a running server; none running is fine. */
static void
server_reload(void)
{
	struct http_ask ask = {
		.url = "http://bootserver/v1/images/reload", .method = "POST", .unix_path = API,
		.timeout_ms = 10000,
	};
	struct http_answer answer = { 0 };
	struct err err = { "" };

	if (access(API, F_OK) < 0)
		return;
	if (http_ask(&ask, &answer, &err) < 0)
		return;
	if (answer.status >= 300)
		fprintf(stderr, "bootserver: the running server did not take the change: %.200s\n",
			answer.body);
	http_answer_fini(&answer);
}

/* The limit that the site sets; a site with faults sets none. */
static int
limit_check(int folder, struct err *err)
{
	struct site_findings findings;
	struct site *site = NULL;
	int r = 0;

	sitedir_load(AT_FDCWD, &site, &findings, err);
	if (site && site->store_limit > 0)
		r = store_fits(AT_FDCWD, folder, (uint64_t)site->store_limit, err);
	site_free(site);
	site_findings_fini(&findings);
	return r;
}

static int
image_add(struct cli *cli, int argc, char **argv)
{
	struct progress progress = { .shown = false };
	struct store_watch watch = { progress_moved, &progress };
	struct store_added added;
	struct err err = { "" };
	char *path;
	int folder, r;

	if (argc != 2 || !argv[1][0])
		return cli_usage(cli, "image add takes the folder of one built image");
	path = cli_path(cli, argv[1]);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(path);
	if (folder < 0)
		return cli_fail(CLI_FAULT, "%s: %s", argv[1], strerror(errno));
	r = limit_check(folder, &err);
	if (r == 0)
		r = store_add(AT_FDCWD, folder, cli->terminal ? &watch : NULL, &added, &err);
	close(folder);
	progress_end(&progress);
	if (r < 0) {
		err_wrap(&err, r, "%s", argv[1]);
		return cli_fail_err(&err);
	}
	if (added.known)
		fprintf(stderr, "this image is in the store already\n");
	server_reload();
	printf("%s@%d\n", added.name, added.generation);
	return CLI_GOOD;
}

static uint64_t
image_size(const struct image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->nparts; i++)
		size += image->parts[i].size;
	return size;
}

static void
archs_format(const struct image *image, char ret[16])
{
	bool amd64 = image_has_arch(image, SITE_ARCH_AMD64);
	bool arm64 = image_has_arch(image, SITE_ARCH_ARM64);

	snprintf(ret, 16, "%s%s%s", amd64 ? "amd64" : "", amd64 && arm64 ? "," : "",
		 arm64 ? "arm64" : "");
}

/* The version that a further part brings, "" if the image has no such part. */
static const char *
part_version(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->nparts; i++)
		if (strcmp(image->parts[i].part, name) == 0)
			return image->parts[i].version ? image->parts[i].version : "?";
	return "";
}

static json_t *
image_json(const struct image *image)
{
	json_t *object = json_object(), *archs = json_array();

	json_put(object, "name", image->name);
	json_put_num(object, "generation", image->generation);
	json_put(object, "version", image->version);
	json_put(object, "identity", image->identity);
	json_put_num(object, "size", (int64_t)image_size(image));
	if (part_version(image, "kube")[0])
		json_put(object, "kubernetes", part_version(image, "kube"));
	if (part_version(image, "ceph")[0])
		json_put(object, "ceph", part_version(image, "ceph"));
	json_put(object, "signer", image->signer);
	json_put(object, "fault", image->fault);
	for (enum site_arch arch = SITE_ARCH_AMD64; arch <= SITE_ARCH_ARM64; arch++)
		if (image_has_arch(image, arch))
			json_array_append_new(archs, json_string(site_arch_name(arch)));
	json_object_set_new(object, "archs", archs);
	return object;
}

static void
list_json(const struct images *images)
{
	json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < images->count; i++)
		json_array_append_new(list, image_json(&images->items[i]));
	text = json_text(list, NULL);
	puts(text);
	free(text);
	json_decref(list);
}

static void
list_table(const struct images *images)
{
	if (!images->count)
		return;
	printf("%-20s %-12s %-24s %-9s %-9s %9s  %-12s  %s\n", "IMAGE", "ARCHS", "VERSION",
	       "KUBE", "CEPH", "SIZE", "IDENTITY", "SIGNED BY");
	for (size_t i = 0; i < images->count; i++) {
		const struct image *image = &images->items[i];
		const char *kube = part_version(image, "kube");
		const char *ceph = part_version(image, "ceph");
		char archs[16], *ref = str_format("%s@%d", image->name, image->generation);

		archs_format(image, archs);
		printf("%-20s %-12s %-24s %-9s %-9s %5" PRIu64 " MiB  %-12.12s  %s%s\n", ref,
		       archs[0] ? archs : "-", image->version[0] ? image->version : "-",
		       kube[0] ? kube : "-", ceph[0] ? ceph : "-",
		       (image_size(image) + (1 << 20) - 1) >> 20,
		       image->identity[0] ? image->identity : "-",
		       image->fault ? "FAULT: " : "", image->fault ? image->fault : image->signer);
		free(ref);
	}
}

static int
image_ls(struct cli *cli, int argc, char **argv)
{
	struct images images;
	struct err err = { "" };

	if (argc != 1)
		return cli_usage(cli, "image ls takes no \"%s\"", argv[1]);
	if (images_list(AT_FDCWD, &images, &err) < 0)
		return cli_fail_err(&err);
	if (cli->json)
		list_json(&images);
	else
		list_table(&images);
	images_fini(&images);
	return CLI_GOOD;
}

/* Reads one image; CLI_GOOD or CLI_FAULT, told. */
static int
verify_one(const struct cli *cli, const struct image *image)
{
	struct progress progress = { .shown = false };
	struct store_watch watch = { progress_moved, &progress };
	struct err err = { "" };
	int r = store_verify(AT_FDCWD, image, cli->terminal ? &watch : NULL, &err);

	progress_end(&progress);
	if (r < 0)
		return cli_fail(CLI_FAULT, "%s@%d: %s", image->name, image->generation, err.text);
	printf("%s@%d good, signed by %s\n", image->name, image->generation, image->signer);
	return CLI_GOOD;
}

static int
image_verify(struct cli *cli, int argc, char **argv)
{
	struct images images;
	struct err err = { "" };
	char name[64] = "";
	int generation = 0, status = CLI_GOOD;
	size_t met = 0;

	if (argc > 2)
		return cli_usage(cli, "image verify takes one image");
	if (argc == 2 && image_ref_parse(name, &generation, argv[1]) < 0)
		return cli_usage(cli, "\"%s\" is no NAME or NAME@GENERATION", argv[1]);
	if (images_list(AT_FDCWD, &images, &err) < 0)
		return cli_fail_err(&err);
	for (size_t i = 0; i < images.count; i++) {
		const struct image *image = &images.items[i];

		if ((name[0] && strcmp(name, image->name) != 0) ||
		    (generation && generation != image->generation))
			continue;
		met++;
		if (verify_one(cli, image) != CLI_GOOD)
			status = CLI_FAULT;
	}
	images_fini(&images);
	if (!met && argc == 2)
		return cli_fail(CLI_FAULT, "there is no image %s in the store", argv[1]);
	return status;
}

/* A crash between two renames leaves a part that no manifest names. */
static int
image_gc(struct cli *cli, int argc, char **argv)
{
	struct err err = { "" };
	uint64_t freed = 0;

	if (argc != 1)
		return cli_usage(cli, "image gc takes no \"%s\"", argv[1]);
	if (store_collect(AT_FDCWD, &freed, &err) < 0)
		return cli_fail_err(&err);
	printf("%" PRIu64 " MiB freed\n", freed >> 20);
	return CLI_GOOD;
}

static int
image_rm(struct cli *cli, int argc, char **argv)
{
	struct err err = { "" };
	uint64_t freed = 0;
	char name[64], *users;
	int generation;

	if (argc != 2 || image_ref_parse(name, &generation, argv[1]) < 0 || !generation)
		return cli_usage(cli, "image rm takes one NAME@GENERATION");
	users = uses_find(name, generation, &err);
	if (users) {
		cli_fail(CLI_FAULT, "%s is needed: %s; give another image first "
			 "(`bootserver reimage`, or the site file)", argv[1], users);
		free(users);
		return CLI_FAULT;
	}
	if (err.text[0])
		return cli_fail_err(&err);
	if (store_remove(AT_FDCWD, name, generation, &freed, &err) < 0)
		return cli_fail_err(&err);
	server_reload();
	printf("%s removed, %" PRIu64 " MiB freed\n", argv[1], freed >> 20);
	return CLI_GOOD;
}

int
cli_image(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *cli, int argc, char **argv);
	} verbs[] = {
		{ "add", image_add }, { "ls", image_ls }, { "verify", image_verify },
		{ "rm", image_rm }, { "gc", image_gc },
	};

	if (argc < 2)
		return cli_usage(cli, "image add, ls, verify, rm or gc?");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(cli, argc - 1, argv + 1);
	return cli_usage(cli, "no \"image %s\": add, ls, verify, rm or gc", argv[1]);
}
