/* The addresses stage 1 asks for (docs/INTERFACES.md «HTTP»).  Pure. */
#include "images/stage1/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

#define TEXT_MAX 300

char *
url_encode(const char *text)
{
	struct buf out;

	buf_init(&out);
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		if (*at < 0x80 && (isalnum(*at) || strchr("-._~", *at) != NULL))
			buf_add(&out, at, 1);
		else
			buf_format(&out, "%%%02X", *at);
	}
	return out.text;
}

char *
url_blob(const char *base, const char *sha256, const char *nonce)
{
	char *word = url_encode(nonce);
	char *url = str_format("%s/blob/%s?nonce=%s", base, sha256, word);

	free(word);
	return url;
}

/* How much of `text` to send: at most TEXT_MAX bytes, no UTF-8 character cut in two. */
static size_t
text_cut(const char *text)
{
	size_t len = strlen(text);

	if (len <= TEXT_MAX)
		return len;
	len = TEXT_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

char *
url_report(const char *base, const struct url_claim *claim)
{
	char cut[TEXT_MAX + 1] = "";

	memcpy(cut, claim->text, text_cut(claim->text));
	char *nonce = url_encode(claim->nonce);
	char *text = url_encode(cut);
	char *url = str_format("%s/v1/report?nonce=%s&phase=%s&state=%s&text=%s", base, nonce,
			       claim->phase, claim->state, text);
	free(nonce);
	free(text);
	return url;
}
