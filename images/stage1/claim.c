/* What stage 1 tells the server.  Nothing here may hold a boot up. */
#include "images/stage1/claim.h"

#include <stdint.h>
#include <stdlib.h>

#include "images/stage1/url.h"
#include "lib/clock.h"
#include "lib/http.h"

#define TIMEOUT_MS 2000
#define MUTE_MS 30000

bool
claim_send(const struct cmdline *args, const char *phase, const char *state, const char *text)
{
	static int64_t mute_until_ms;
	struct http_answer answer = {0};
	struct err err;

	if (clock_mono_ms() < mute_until_ms)
		return false;
	char *url = url_report(args->url, &(struct url_claim){ args->nonce, phase, state, text });
	struct http_ask ask = { .url = url, .method = "POST", .timeout_ms = TIMEOUT_MS,
				.most = 65536 };
	int code = http_ask(&ask, &answer, &err);
	if (code < 0)
		mute_until_ms = clock_mono_ms() + MUTE_MS;
	http_answer_fini(&answer);
	free(url);
	return code == 0 && answer.status / 100 == 2;
}
