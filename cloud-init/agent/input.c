/* What the agent is told from outside: see input.h. */
#include "cloud-init/agent/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

static void
cmdline_word(json_t *ret, const char *word)
{
	static const char *const keys[] = { "url", "machine", "nonce", "root" };
	const char *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : 0;
	char mac[NET_MAC_TEXT];

	if (!value)
		return;
	if (len == 6 && str_starts(word, "BOOTIF") && str_starts(value, "=01-") &&
	    net_mac_normal(mac, value + 4) == 0)
		json_put(ret, "mac", mac);
	if (!str_starts(word, "bootserver."))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (len == 11 + strlen(keys[i]) && strncmp(word + 11, keys[i], len - 11) == 0)
			json_put(ret, keys[i], value + 1);
}

json_t *
input_cmdline(const char *text)
{
	json_t *ret = json_object();
	char *copy = str_dup(text), *rest = copy, *word;

	while ((word = strsep(&rest, " \n")))
		cmdline_word(ret, word);
	free(copy);
	return ret;
}

static int
read_json(const char *path, json_t **ret, struct err *err)
{
	char full[WHERE_MAX], *text;
	size_t len;
	int r;

	r = file_read(AT_FDCWD, where(full, "%s", path), &text, &len, err);
	if (r < 0)
		return r;
	r = json_parse(ret, text, len, err);
	free(text);
	if (r == 0 && !json_is_object(*ret)) {
		json_decref(*ret);
		r = err_set(err, -EINVAL, "%s is no JSON object", path);
	}
	return r < 0 ? err_wrap(err, r, "%s", path) : 0;
}

static int
read_boot(json_t **ret, struct err *err)
{
	int r = read_json(WHERE_RUN "/boot.json", ret, err);
	char *text;

	if (r == 0)
		return 0;
	text = where_text("/proc/cmdline");
	*ret = input_cmdline(text ? text : "");
	free(text);
	return 0;
}

static int
check(struct input *in, struct err *err)
{
	const struct {
		const char *what, *value;
	} needed[] = {
		{ "machine.name", in->name }, { "https", in->https }, { "ca", in->ca },
		{ "engine", in->engine }, { "url", in->url },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!needed[i].value[0])
			return err_set(err, -EINVAL, WHERE_RUN "/site.json has no %s",
				       needed[i].what);
	if (!str_is_name(in->name))
		return err_set(err, -EINVAL, WHERE_RUN "/site.json: \"%s\" is no machine name",
			       in->name);
	return 0;
}

int
input_read(struct input *ret, struct err *err)
{
	struct input in = { 0 };
	int r;

	r = read_json(WHERE_RUN "/site.json", &in.site, err);
	if (r < 0)
		return r;
	read_boot(&in.boot, err);
	in.machine = json_object_get(in.site, "machine");
	in.name = json_str(in.machine, "name", "");
	in.url = json_str(in.site, "url", json_str(in.boot, "url", ""));
	in.https = json_str(in.site, "https", "");
	in.ca = json_str(in.site, "ca", "");
	in.engine = json_str(in.site, "engine", "");
	in.nonce = json_str(in.boot, "nonce", "");
	in.root = json_str(in.boot, "root", "none");
	if (net_mac_normal(in.mac, json_str(in.boot, "mac", "")) < 0)
		in.mac[0] = '\0';
	r = check(&in, err);
	if (r < 0)
		input_fini(&in);
	else
		*ret = in;
	return r;
}

void
input_fini(struct input *input)
{
	json_decref(input->site);
	json_decref(input->boot);
	input->site = input->boot = NULL;
}
