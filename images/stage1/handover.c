/* What stage 1 leaves behind for the system it starts. */
#include "images/stage1/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "images/stage1/files.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/net.h"
#include "lib/str.h"

#define SITE "/site.json"	/* iPXE puts it beside the initrd */
#define TIMESYNCD "/run/systemd/timesyncd.conf.d"
#define DNS_MAX 3		/* resolv.conf(5): MAXNS */

static void
put_ip4(json_t *object, const char *key, uint32_t address)
{
	char text[NET_IP4_TEXT];

	if (address == 0)
		return;
	net_ip4_format(text, address);
	json_put(object, key, text);
}

char *
handover_boot_json(const struct stage1 *s)
{
	const struct cmdline *args = &s->args;
	char mac[NET_MAC_TEXT];
	json_t *boot = json_object();

	net_mac_format(mac, s->nic.mac);
	json_put_num(boot, "schema", 1);
	json_put(boot, "url", args->url);
	json_put(boot, "machine", args->machine);
	json_put(boot, "nonce", args->nonce);
	json_put(boot, "root", args->root[0] != '\0' ? args->root : "none");
	json_put_num(boot, "size", (int64_t)args->size);
	json_put(boot, "source", args->root[0] == '\0' ? "initrd" :
		 s->cached ? "cache" : "network");
	json_put(boot, "nic", s->nic.name);
	json_put(boot, "mac", mac);
	put_ip4(boot, "ip", args->ip.client);
	json_put_num(boot, "prefix", args->ip.prefix);
	put_ip4(boot, "gateway", args->ip.gateway);
	json_put_num(boot, "memory", (int64_t)s->memory);
	json_put_num(boot, "ready_ms", clock_mono_ms());
	char *text = json_text(boot, NULL);
	json_decref(boot);
	return text;
}

/* Adds an address that is not there yet. */
static size_t
add_dns(uint32_t *list, size_t count, uint32_t address)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == address)
			return count;
	}
	if (count < DNS_MAX && address != 0)
		list[count++] = address;
	return count;
}

/* What the site gives the root; one that cannot be written is a sentence in *ret_site. */
static void
write_files(const json_t *site, struct err *ret_site)
{
	struct err err;

	if (files_write_run(site, "", &err) < 0)
		*ret_site = err;
}

static int
write_resolv_conf(const struct stage1 *s, const json_t *site, struct err *err)
{
	uint32_t dns[DNS_MAX], address;
	size_t count = 0, i;
	json_t *value;

	for (i = 0; i < s->args.ip.ndns; i++)
		count = add_dns(dns, count, s->args.ip.dns[i]);
	json_array_foreach(json_object_get(site, "dns"), i, value) {
		if (json_is_string(value) && net_ip4_parse(&address, json_string_value(value)) == 0)
			count = add_dns(dns, count, address);
	}
	char *text = nic_resolv_conf(dns, count);
	int code = file_write((struct file_new){ AT_FDCWD, STAGE1_DIR "/resolv.conf", 0644 }, text,
			      strlen(text), err);
	free(text);
	return code;
}

char *
handover_timesyncd(const json_t *site)
{
	const json_t *one;
	struct buf text;
	uint32_t address;
	size_t i;

	buf_init(&text);
	buf_text(&text, "[Time]\nNTP=");
	json_array_foreach(json_object_get(site, "ntp"), i, one)
		if (json_is_string(one) && net_ip4_parse(&address, json_string_value(one)) == 0)
			buf_format(&text, "%s%s", i > 0 ? " " : "", json_string_value(one));
	buf_text(&text, "\nFallbackNTP=\n");
	return text.text;
}

/* Where the root's systemd-timesyncd looks for its servers (timesyncd.conf(5)). */
static int
write_timesyncd(const json_t *site, struct err *err)
{
	char *text = handover_timesyncd(site);
	int code = file_mkdirs(AT_FDCWD, TIMESYNCD, 0755, err);

	if (code == 0)
		code = file_write((struct file_new){ AT_FDCWD, TIMESYNCD "/bootserver.conf", 0644 },
				  text, strlen(text), err);
	free(text);
	return code;
}

/* Copies /site.json and returns it as *ret_site (NULL if there is none). */
static int
copy_site(json_t **ret_site, struct err *err)
{
	char *text;
	size_t len;
	int code = file_read(AT_FDCWD, SITE, &text, &len, err);

	if (code < 0)
		return code;
	code = json_parse(ret_site, text, len, err);
	if (code == 0)
		code = file_write((struct file_new){ AT_FDCWD, STAGE1_DIR "/site.json", 0644 },
				  text, len, err);
	free(text);
	return code;
}

int
handover_root(struct err *err)
{
	char *text;
	size_t len;
	json_t *site;
	int code = file_read(AT_FDCWD, STAGE1_DIR "/site.json", &text, &len, err);

	if (code < 0)
		return code == -ENOENT ? 0 : code;
	code = json_parse(&site, text, len, err);
	free(text);
	if (code == 0) {
		code = files_write_root(site, STAGE1_NEWROOT, err);
		json_decref(site);
	}
	return code;
}

int
handover_write(const struct stage1 *s, struct err *ret_site, struct err *err)
{
	json_t *site = NULL;

	ret_site->text[0] = '\0';
	copy_site(&site, ret_site);
	char *boot = handover_boot_json(s);
	int code = file_write((struct file_new){ AT_FDCWD, STAGE1_DIR "/boot.json", 0644 }, boot,
			      strlen(boot), err);
	if (code == 0)
		code = write_resolv_conf(s, site, err);
	if (code == 0)
		code = write_timesyncd(site, err);
	if (code == 0 && site != NULL)
		write_files(site, ret_site);
	free(boot);
	json_decref(site);
	return code;
}
