/* `bootserver probe`: does a machine on this wire boot, and if not, why? */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/net.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "probe/probe.h"

#define MOST_S "60"
#define SITE_CA "pki/ca.crt"

struct wish {
	const char *interface, *firmware, *mac, *ca, *seconds;
};

static int
take(const struct cli *cli, int argc, char **argv, struct wish *ret)
{
	for (int at = 1; at < argc;) {
		int r = cli_option(cli, argv, &at, "--interface", &ret->interface);

		if (r == 0)
			r = cli_option(cli, argv, &at, "--firmware", &ret->firmware);
		if (r == 0)
			r = cli_option(cli, argv, &at, "--mac", &ret->mac);
		if (r == 0)
			r = cli_option(cli, argv, &at, "--ca", &ret->ca);
		if (r == 0)
			r = cli_option(cli, argv, &at, "--seconds", &ret->seconds);
		if (r == 0)
			return cli_usage(cli, "probe takes no %s", argv[at]);
		if (r < 0)
			return CLI_USAGE;
	}
	if (ret->interface == NULL)
		return cli_usage(cli, "probe needs --interface, the card towards the machines");
	return CLI_GOOD;
}

/* The CA that was named, or the site's if we stand in its directory; NULL: none. */
static int
read_root(const struct cli *cli, const char *typed, X509 **ret)
{
	struct err err = { "" };
	char *pem;
	int r = typed != NULL ? cli_read(cli, typed, &pem, &err) :
				file_read(AT_FDCWD, SITE_CA, &pem, NULL, &err);

	*ret = NULL;
	if (r < 0)
		return typed != NULL ? cli_fail_err(&err) : CLI_GOOD;
	*ret = pki_cert_parse(pem, &err);
	free(pem);
	return *ret != NULL ? CLI_GOOD : cli_fail_err(&err);
}

static int
print(const struct cli *cli, const json_t *found)
{
	struct buf text;
	char *json;

	if (cli->json) {
		json = json_dumps(found, JSON_COMPACT);
		puts(json);
		free(json);
	} else {
		buf_init(&text);
		probe_text(found, &text);
		fputs(text.text, stdout);
		buf_fini(&text);
	}
	return json_flag(found, "good", false) ? CLI_GOOD : CLI_FAULT;
}

static int
run(const struct cli *cli, const struct wish *wish, struct probe *probe)
{
	struct err err = { "" };
	json_t *found = NULL;
	int status = read_root(cli, wish->ca, &probe->root);

	if (status != CLI_GOOD)
		return status;
	status = probe_run(probe, &found, &err) < 0 ? cli_fail_err(&err) : print(cli, found);
	json_decref(found);
	X509_free(probe->root);
	return status;
}

int
cli_probe(struct cli *cli, int argc, char **argv)
{
	struct wish wish = { .firmware = "uefi-x86_64", .seconds = MOST_S };
	struct probe probe = { .interface = NULL };
	uint8_t mac[6];
	long seconds;
	int status = take(cli, argc, argv, &wish);

	if (status != CLI_GOOD)
		return status;
	probe.interface = wish.interface;
	probe.firmware = firmware_find(wish.firmware);
	if (probe.firmware == NULL)
		return cli_usage(cli, "there is no firmware \"%s\"", wish.firmware);
	if (wish.mac != NULL && (net_mac_parse(mac, wish.mac) < 0 || mac[0] & 1))
		return cli_usage(cli, "\"%s\" is no MAC address of a card", wish.mac);
	probe.mac = wish.mac != NULL ? mac : NULL;
	if (!cli_number(wish.seconds, 1, 3600, &seconds))
		return cli_usage(cli, "--seconds takes 1 to 3600, not \"%s\"", wish.seconds);
	probe.most_ms = seconds * 1000;
	return run(cli, &wish, &probe);
}
