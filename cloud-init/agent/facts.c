/* What this machine is: see facts.h. */
#include "cloud-init/agent/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "cloud-init/agent/where.h"
#include "lib/json.h"
#include "lib/str.h"

/* A member of facts.dmi and the files that may hold it, the better one first (an ARM64 machine may
 * have a device tree instead of SMBIOS). */
static const struct {
	const char *key, *files[2];
} dmi[] = {
	{ "manufacturer", { "/sys/class/dmi/id/sys_vendor", NULL } },
	{ "product", { "/sys/class/dmi/id/product_name", "/proc/device-tree/model" } },
	{ "serial", { "/sys/class/dmi/id/product_serial", "/proc/device-tree/serial-number" } },
	{ "uuid", { "/sys/class/dmi/id/product_uuid", "/proc/device-tree/vm,uuid" } },
	{ "asset", { "/sys/class/dmi/id/chassis_asset_tag", NULL } },
};

static json_t *
collect_dmi(void)
{
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(dmi) / sizeof(*dmi); i++) {
		char *text = where_text("%s", dmi[i].files[0]);

		if (!text && dmi[i].files[1])
			text = where_text("%s", dmi[i].files[1]);
		/* Bytes of a vendor's BIOS: what is no UTF-8 is no JSON string either. */
		if (json_object_set_new(o, dmi[i].key, json_string(text ? text : "")) < 0)
			json_put(o, dmi[i].key, "");
		free(text);
	}
	return o;
}

/* The value behind "key : value" in a text of such lines, or NULL: the caller frees. */
static char *
line_value(const char *text, const char *key)
{
	const char *at = text, *value;
	size_t len = strlen(key);

	for (; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
		if (strncmp(at, key, len) != 0 || !strchr(" \t:", at[len]))
			continue;
		value = at + len + strspn(at + len, " \t:");
		return str_format("%.*s", (int)strcspn(value, "\n"), value);
	}
	return NULL;
}

static int
count_lines(const char *text, const char *start)
{
	const char *at = text;
	int n = 0;

	while (at && *at) {
		n += str_starts(at, start);
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return n;
}

static json_t *
collect_cpu(void)
{
	char *text = where_text("/proc/cpuinfo"), *model, *part, *maker;
	json_t *o = json_object();

	model = line_value(text ? text : "", "model name");
	if (!model) {
		maker = line_value(text ? text : "", "CPU implementer");
		part = line_value(text ? text : "", "CPU part");
		model = maker && part ? str_format("implementer %s part %s", maker, part) : NULL;
		free(maker);
		free(part);
	}
	json_put(o, "model", model ? model : "");
	json_put_num(o, "cores", count_lines(text ? text : "", "processor"));
	free(model);
	free(text);
	return o;
}

static int64_t
memory(void)
{
	char *text = where_text("/proc/meminfo");
	char *value = line_value(text ? text : "", "MemTotal");
	int64_t bytes = value ? strtoll(value, NULL, 10) * 1024 : 0;

	free(value);
	free(text);
	return bytes;
}

static void
put_kernel(json_t *o)
{
	static const char *const archs[][2] = { { "x86_64", "amd64" }, { "aarch64", "arm64" } };
	struct utsname name;
	const char *arch;

	if (uname(&name) < 0)
		return;
	arch = name.machine;
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (str_eq(name.machine, archs[i][0]))
			arch = archs[i][1];
	json_put(o, "arch", arch);
	json_put(o, "kernel", name.release);
}

json_t *
facts_collect(const char *boot_mac, const struct ears *ears, json_t *disks)
{
	json_t *o = json_object();

	json_object_set_new(o, "dmi", collect_dmi());
	json_put(o, "firmware", where_is("/sys/firmware/efi") ? "uefi" : "bios");
	put_kernel(o);
	json_object_set_new(o, "cpu", collect_cpu());
	json_put_num(o, "memory", memory());
	json_object_set_new(o, "nics", facts_nics(boot_mac, ears));
	if (disks)
		json_object_set(o, "disks", disks);
	else
		json_object_set_new(o, "disks", json_array());
	return o;
}

void
facts_summary(const json_t *facts, char *ret, size_t size)
{
	size_t nics = json_array_size(json_object_get(facts, "nics"));
	size_t disks = json_array_size(json_object_get(facts, "disks"));

	snprintf(ret, size, "%lld cores, %lld MiB, %zu %s, %zu %s",
		 (long long)json_num(json_object_get(facts, "cpu"), "cores", 0),
		 (long long)(json_num(facts, "memory", 0) >> 20), nics, nics == 1 ? "NIC" : "NICs",
		 disks, disks == 1 ? "disk" : "disks");
}
