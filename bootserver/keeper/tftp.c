/*
 * The folder that TFTP and /ipxe/ serve: iPXE binaries, those of EFI stamped with the site's CA,
 * the two scripts that come before the web, memtest86+ where it is shipped.  A file is replaced
 * whole, and only when its bytes differ.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"


static const struct {
	const char *from, *to;
	bool stamp;
	bool may_lack;
} files[] = {
	{ "ipxe/undionly.kpxe", "undionly.kpxe", false, false },
	{ "ipxe/snponly.efi", "snponly.efi", true, false },
	{ "ipxe/ipxe-amd64.efi", "ipxe-amd64.efi", true, false },
	{ "ipxe/ipxe-arm64.efi", "ipxe-arm64.efi", true, false },
	{ "memtest/memtest86+x64.bin", "memtest.bin", false, true },
	{ "memtest/memtest86+x64.efi", "memtest.efi", false, true },
};

static int
put(struct keeper *keeper, const char *name, const void *bytes, size_t len, struct err *err)
{
	char *path = str_format("run/tftp/%s", name);
	int r = file_update((struct file_new){ keeper->dir, path, 0444 }, bytes, len, err);

	if (r > 0)
		log_info("tftp=%s written bytes=%zu", name, len);
	free(path);
	return r < 0 ? r : 0;
}

static int
put_file(struct keeper *keeper, size_t row, const uint8_t ca[32], struct err *err)
{
	char *path = str_format("%s/%s", keeper->data, files[row].from), *bytes = NULL;
	size_t len;
	int r;

	if (files[row].may_lack && access(path, F_OK) < 0) {
		free(path);
		return 0;
	}
	r = file_read(AT_FDCWD, path, &bytes, &len, err);
	if (r == 0 && files[row].stamp) {
		r = stamp_root((unsigned char *)bytes, len, ca, err);
		if (r < 0)
			err_wrap(err, r, "%s", path);
	}
	if (r == 0)
		r = put(keeper, files[row].to, bytes, len, err);
	free(bytes);
	free(path);
	return r;
}

int
tftp_fill(struct keeper *keeper, const json_t *config, struct err *err)
{
	const json_t *scripts = json_object_get(config, "tftp");
	const json_t *text;
	const char *name;
	uint8_t ca[32];
	int r = 0;

	if (hex_parse(ca, sizeof(ca), json_str(config, "ca", "")) < 0)
		return err_set(err, -EINVAL, "the engine gave no fingerprint of the site's CA");
	for (size_t i = 0; r == 0 && i < sizeof(files) / sizeof(files[0]); i++)
		r = put_file(keeper, i, ca, err);
	json_object_foreach((json_t *)(uintptr_t)scripts, name, text) {
		if (r < 0)
			break;
		if (strchr(name, '/') != NULL || name[0] == '.' || !json_is_string(text))
			r = err_set(err, -EINVAL, "the engine named a script \"%s\"", name);
		else
			r = put(keeper, name, json_string_value(text), json_string_length(text),
				err);
	}
	return r;
}
