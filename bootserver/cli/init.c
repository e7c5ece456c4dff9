/*
 * `init`: a site directory that is ready to run.  What is there stays; each file is written whole
 * or not at all, so a break leaves what the next `init` goes on with.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/findings.h"
#include "cli/nic.h"
#include "lib/file.h"
#include "lib/net.h"
#include "lib/str.h"
#include "sitedir/backup.h"
#include "sitedir/pki.h"
#include "sitedir/sources.h"

struct asked {
	const char *name, *interface, *address;
	struct net_cidr cidr;
};

/* Reads the options; CLI_GOOD, or CLI_USAGE (told). */
static int
options_read(const struct cli *cli, int argc, char **argv, struct asked *ret)
{
	const struct { const char *name; const char **value; } options[] = {
		{ "--name", &ret->name }, { "--interface", &ret->interface },
		{ "--address", &ret->address },
	};

	for (int at = 1; at < argc;) {
		int taken = 0;

		for (size_t i = 0; i < 3 && taken == 0; i++)
			taken = cli_option(cli, argv, &at, options[i].name, options[i].value);
		if (taken < 0)
			return CLI_USAGE;
		if (taken == 0)
			return cli_usage(cli, "init does not know \"%s\"", argv[at]);
	}
	if (ret->name && !str_is_label(ret->name))
		return cli_usage(cli, "--name %s: a name of a-z, 0-9 and '-', '-' not at the ends",
				 ret->name);
	if (ret->address && net_cidr_parse(&ret->cidr, ret->address) < 0)
		return cli_usage(cli, "--address %s: an address with its prefix length, as "
				 "10.9.0.1/24", ret->address);
	if (ret->interface && (!ret->interface[0] || strlen(ret->interface) >= NIC_NAME ||
			       strpbrk(ret->interface, "/ :,\"'#{}[]")))
		return cli_usage(cli, "--interface %s: no name of a network card", ret->interface);
	return CLI_GOOD;
}

/* The folder's name where that can be a site's name. */
static const char *
default_name(char *dir)
{
	const char *name = basename(dir);

	return str_is_label(name) ? name : "lab";
}

/* As YAML gives it back: this one word would be nothing. */
static char *
yaml_word(const char *text)
{
	return str_format(str_eq(text, "null") ? "\"%s\"" : "%s", text);
}

/* What was asked for may be well formed and yet no site's: then there is to be no file of it. */
static int
sample_check(const char *text, struct err *err)
{
	struct site_source source = { "site.yaml", text, strlen(text) };
	struct site_findings findings;
	struct site *site = site_parse(&source, 1, &findings);

	for (size_t i = 0; !site && i < findings.count; i++) {
		const struct site_finding *f = &findings.items[i];

		if (!f->error)
			continue;
		err_set(err, -EINVAL, "\"%s\" in site.yaml, which is not written: %s",
			f->excerpt + strspn(f->excerpt, " "), f->text);
		break;
	}
	site_findings_fini(&findings);
	if (!site)
		return -EINVAL;
	site_free(site);
	return 0;
}

/* The whole sample for this name and card; NULL, and told, where machines have no room. */
static char *
sample_text(const struct asked *asked, const struct nic *nic, const char *name, struct err *err)
{
	char address[NET_IP4_TEXT + 4], first[NET_IP4_TEXT], last[NET_IP4_TEXT];
	uint32_t pool_first, pool_last;
	char *label, *domain, *card, *range, *text;

	net_ip4_format(address, nic->address.address);
	sprintf(address + strlen(address), "/%u", nic->address.prefix);
	if (nic_pool(&nic->address, &pool_first, &pool_last) < 0) {
		err_set(err, -ERANGE, "the subnet of %s has no room for machines: give an address "
			"with a shorter prefix%s", address, asked->address ? "" : " by --address");
		return NULL;
	}
	net_ip4_format(first, pool_first);
	net_ip4_format(last, pool_last);
	label = yaml_word(name);
	domain = str_format("%s.internal", name);
	card = yaml_word(nic->name);
	range = str_format("%s-%s", first, last);
	text = site_sample(label, domain, card, address, range);
	free(range);
	free(card);
	free(domain);
	free(label);
	return text;
}

static int
sample_write(const struct asked *asked, const struct nic *nic, const char *name, struct err *err)
{
	char *text = sample_text(asked, nic, name, err);
	int r;

	if (!text)
		return -ERANGE;
	r = sample_check(text, err);
	if (r == 0)
		r = file_write((struct file_new){ AT_FDCWD, "site.yaml", 0644 }, text,
			       strlen(text), err);
	free(text);
	return r;
}

/* Puts site.yaml down unless it is there: 1 when written. */
static int
site_file_ensure(const struct cli *cli, const struct asked *asked, struct err *err)
{
	char *dir;
	struct nic nic;
	int r;

	if (faccessat(AT_FDCWD, "site.yaml", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		if (asked->name || asked->interface || asked->address)
			fputs("site.yaml is there already and stays as it is: change it by hand\n",
			      stderr);
		return 0;
	}
	r = nic_choose(&nic, asked->interface, asked->address ? &asked->cidr : NULL, err);
	if (r < 0)
		return r;
	dir = str_dup(cli->dir);
	r = sample_write(asked, &nic, asked->name ? asked->name : default_name(dir), err);
	free(dir);
	return r < 0 ? r : 1;
}

/* Makes the site directory where it is missing, and goes there. */
static int
directory_ensure(struct cli *cli, struct err *err)
{
	char *real;

	if (!cli->no_dir)
		return 0;
	if (file_mkdirs(AT_FDCWD, cli->dir, 0755, err) < 0)
		return -1;
	if (chdir(cli->dir) < 0 || !(real = realpath(".", NULL)))
		return err_errno(err, -errno, "%s", cli->dir);
	free(cli->dir);
	cli->dir = real;
	return 0;
}

/* Keys and certificates for the site as its file says it. */
static int
pki_ensure(const struct cli *cli, struct err *err)
{
	struct site_findings findings;
	struct site *site = NULL;
	int r = sitedir_load(AT_FDCWD, &site, &findings, err);

	if (r < 0 && findings.count)
		cli_findings_print(cli, &findings);
	site_findings_fini(&findings);
	if (r < 0)
		return r;
	r = sitedir_pki_ensure(AT_FDCWD, site, (uid_t)-1, (gid_t)-1, err);
	site_free(site);
	return r;
}

int
cli_init(struct cli *cli, int argc, char **argv)
{
	struct asked asked = { NULL };
	struct err err = { "" };
	int status = options_read(cli, argc, argv, &asked), wrote, r;

	if (status != CLI_GOOD)
		return status;
	if (directory_ensure(cli, &err) < 0)
		return cli_fail_err(&err);
	if (backup_is_interrupted(AT_FDCWD))
		return cli_fail(CLI_FAULT, "a restore into this folder was interrupted: run "
				"`bootserver restore` again, or empty the folder for a new site");
	wrote = site_file_ensure(cli, &asked, &err);
	if (wrote < 0)
		return cli_fail_err(&err);
	r = sitedir_folders_ensure(AT_FDCWD, (uid_t)-1, (gid_t)-1, &err);
	if (r >= 0)
		r = pki_ensure(cli, &err);
	if (r < 0)
		return cli_fail_err(&err);
	if (wrote)
		printf("%s/site.yaml: look it through, then `bootserver image add FOLDER` and "
		       "`bootserver run`\n", cli->dir);
	return CLI_GOOD;
}
