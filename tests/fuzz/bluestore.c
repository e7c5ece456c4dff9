/* A BlueStore label of whatever disk: what is taken has its form, nothing is written on failure. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "cloud-init/agent/bluestore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bluestore label = { "x", "x", "x" };
	struct err err = { 0 };

	if (bluestore_parse(&label, data, len, &err) < 0) {
		assert(err.text[0] && strcmp(label.fsid, "x") == 0);
		return 0;
	}
	assert(strlen(label.osd_uuid) == 36);
	assert(label.fsid[0] == '\0' || strlen(label.fsid) == 36);
	assert(strlen(label.whoami) < sizeof(label.whoami));
	return 0;
}
