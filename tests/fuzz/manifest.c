/* Manifests: what is taken is whole and within its bounds, what is refused has a sentence. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/str.h"
#include "lib/words.h"
#include "sitedir/images.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct image image = { .generation = -1 };
	struct err err = { "" };
	int r = image_parse(&image, (const char *)data, len, &err);

	if (r < 0) {
		assert(r == -EINVAL && err.text[0] && image.generation == -1);
		return 0;
	}
	assert(str_is_label(image.name) && image.version[0] && image.nparts > 0);
	assert(hex_is_sha256(image.identity) && !image.signer && !image.fault);
	for (size_t i = 0; i < image.nparts; i++) {
		const struct image_part *part = &image.parts[i];

		assert(hex_is_sha256(part->sha256) && part->size > 0);
		assert(image_part(&image, part->part, part->arch) == part);
		assert(image_has_arch(&image, part->arch));
		assert(image.args[part->arch] && !words_bad_sign(image.args[part->arch]));
	}
	image_fini(&image);
	return 0;
}
