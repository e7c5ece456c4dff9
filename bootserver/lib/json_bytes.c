/* Bytes as members of objects: see json.h. */
#include "lib/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "lib/str.h"

void
json_put_bytes(json_t *object, const char *key, const void *data, size_t len)
{
	unsigned char *text = mem_new(len / 3 * 4 + 5);

	EVP_EncodeBlock(text, data, (int)len);
	json_put(object, key, (char *)text);
	free(text);
}

int
json_bytes(const json_t *object, const char *key, void **ret, size_t *ret_len)
{
	const char *text = json_str(object, key, NULL);
	size_t len = text ? strlen(text) : 0;
	unsigned char *data;
	int got;

	if (!text || len % 4 != 0 || len > INT32_MAX)
		return -EBADMSG;
	data = mem_new(len / 4 * 3 + 1);
	got = EVP_DecodeBlock(data, (const unsigned char *)text, (int)len);
	if (got < 0) {
		free(data);
		return -EBADMSG;
	}
	/* EVP_DecodeBlock counts the padding as bytes. */
	for (size_t i = len; got > 0 && i > 0 && len - i < 2 && text[i - 1] == '='; i--)
		got--;
	*ret = data;
	*ret_len = (size_t)got;
	return 0;
}
