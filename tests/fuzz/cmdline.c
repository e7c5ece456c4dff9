/* The kernel's command line: what is taken is within its bounds, what is refused has a sentence. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "images/stage1/cmdline.h"
#include "lib/hex.h"
#include "lib/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cmdline args, untouched;
	struct err err = {0};
	char *text = mem_new(len + 1);

	if (len > 0)
		memcpy(text, data, len);
	memset(&args, 0xa5, sizeof(args));
	untouched = args;
	int code = cmdline_parse(&args, text, &err);
	free(text);
	if (code < 0) {
		assert(code == -EINVAL && err.text[0] != '\0');
		assert(memcmp(&args, &untouched, sizeof(args)) == 0);
		return 0;
	}
	assert(str_starts(args.url, "http://") && args.url[strlen(args.url) - 1] != '/');
	assert(args.machine[0] == '\0' || str_is_name(args.machine));
	assert(args.nonce[0] != '\0' && strlen(args.nonce) < sizeof(args.nonce));
	assert(args.root[0] == '\0' || (hex_is_sha256(args.root) && args.size > 0));
	assert(args.has_ip && args.ip.client != 0);
	assert(args.ip.prefix >= 1 && args.ip.prefix <= 32 && args.ip.ndns <= CMDLINE_DNS);
	assert(strlen(args.ip.device) < sizeof(args.ip.device));
	return 0;
}
