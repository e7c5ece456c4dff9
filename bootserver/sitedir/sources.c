/*
 * The site's files: which they are, their text, and the site they make.
 */
#include "sitedir/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/str.h"

#define SITE "site.yaml"
#define MACHINES "machines.d"

/* One of the other ending is meant too, but site_parse() refuses it: a machine has one file. */
static int
is_source(const struct dirent *entry)
{
	const char *ending = strrchr(entry->d_name, '.');

	return ending && entry->d_name[0] != '.' &&
	       (str_eq(ending, ".yaml") || str_eq(ending, ".yml"));
}

/* strcmp, not the locale's order: everywhere the same. */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
sitedir_names(int dirfd, char ***ret, size_t *ret_count, struct err *err)
{
	struct dirent **entries = NULL;
	int count = scandirat(dirfd, MACHINES, &entries, is_source, by_bytes);
	struct stat st;
	char **names;

	if (count < 0 && (errno != ENOENT ||
			  fstatat(dirfd, MACHINES, &st, AT_SYMLINK_NOFOLLOW) == 0))
		return err_errno(err, -errno, "cannot read the folder " MACHINES);
	count = count < 0 ? 0 : count;
	names = mem_new(((size_t)count + 2) * sizeof(*names));
	names[0] = str_dup(SITE);
	for (int i = 0; i < count; i++) {
		names[i + 1] = str_format(MACHINES "/%s", entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	*ret = names;
	*ret_count = (size_t)count + 1;
	return 0;
}

void
sitedir_names_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

static void
add(struct sitedir_sources *sources, const char *name, int dirfd)
{
	struct site_source *source = &sources->items[sources->count++];
	char *text = NULL;
	struct err err;

	source->name = str_dup(name);
	if (file_read(dirfd, name, &text, &source->len, &err) < 0)
		source->fault = str_dup(err.text);
	source->text = text;
}

int
sitedir_sources_read(int dirfd, struct sitedir_sources *ret, struct err *err)
{
	struct sitedir_sources sources = { NULL, 0 };
	char **names = NULL;
	size_t count = 0;
	struct stat st;
	struct err why;

	if (fstatat(dirfd, SITE, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return err_set(err, -ENOENT, "there is no " SITE " here: `bootserver init` makes a "
			       "site directory, -C DIR names one");
	if (sitedir_names(dirfd, &names, &count, &why) == 0) {
		sources.items = mem_new(count * sizeof(*sources.items));
		for (size_t i = 0; i < count; i++)
			add(&sources, names[i], dirfd);
	} else {
		sources.items = mem_new(2 * sizeof(*sources.items));
		add(&sources, SITE, dirfd);
		sources.items[sources.count++] = (struct site_source){
			.name = str_dup(MACHINES), .fault = str_dup(why.text),
		};
	}
	sitedir_names_free(names);
	*ret = sources;
	return 0;
}

void
sitedir_sources_fini(struct sitedir_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free((char *)sources->items[i].name);
		free((char *)sources->items[i].text);
		free((char *)sources->items[i].fault);
	}
	free(sources->items);
	*sources = (struct sitedir_sources){ NULL, 0 };
}

int
sitedir_load(int dirfd, struct site **ret, struct site_findings *ret_findings, struct err *err)
{
	struct sitedir_sources sources;
	struct site *site;
	int r;

	*ret_findings = (struct site_findings){ 0 };
	r = sitedir_sources_read(dirfd, &sources, err);
	if (r < 0)
		return r;
	site = site_parse(sources.items, sources.count, ret_findings);
	sitedir_sources_fini(&sources);
	if (!site)
		return err_set(err, -EINVAL,
			       "the site's files have faults: `bootserver check` lists them");
	*ret = site;
	return 0;
}
