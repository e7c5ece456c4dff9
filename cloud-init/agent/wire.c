/* One signed question to the engine and its signed answer: see wire.h. */
#include "cloud-init/agent/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/http.h"
#include "lib/json.h"
#include "lib/pki.h"
#include "lib/str.h"

int
wire_open(struct wire *ret, const struct input *input, struct key *key, struct err *err)
{
	X509 *engine = pki_cert_parse(input->engine, err);

	if (!engine)
		return err_wrap(err, -EINVAL, "the engine's certificate in site.json");
	*ret = (struct wire){ .input = input, .key = key, .engine = engine };
	return 0;
}

void
wire_fini(struct wire *wire)
{
	X509_free(wire->engine);
	wire->engine = NULL;
}

/* The question as it goes over the wire; *ret_der is the caller's to free(). */
static int
format(struct wire *wire, json_t *body, unsigned char **ret_der, size_t *ret_len, struct err *err)
{
	struct cms_who who = { wire->key->pkey, wire->key->cert };
	int64_t counter;
	char *text;
	size_t len;
	int r = key_next(wire->key, &counter, err);

	if (r < 0)
		return r;
	json_put(body, "nonce", wire->input->nonce);
	json_put_num(body, "counter", counter);
	json_put_num(body, "time_ms", clock_now_ms());
	text = json_text(body, &len);
	r = cms_sign(&who, (struct cms_bytes){ text, len }, ret_der, ret_len, err);
	free(text);
	return r;
}

/* Opens an answer: the signer must be the engine's certificate to the last byte, not merely one of
 * the site CA's. */
static int
parse(struct wire *wire, const struct http_answer *answer, json_t **ret, struct err *err)
{
	uint8_t theirs[32], ours[32];
	char *text;
	X509 *cert;
	size_t len;
	int r;

	r = cms_open((struct cms_bytes){ answer->body, answer->len }, &text, &len, &cert, err);
	if (r < 0)
		return err_wrap(err, r, "status %ld, answer", answer->status);
	pki_cert_fingerprint(cert, theirs);
	pki_cert_fingerprint(wire->engine, ours);
	X509_free(cert);
	if (memcmp(theirs, ours, sizeof(ours)) != 0)
		r = err_set(err, -EBADMSG, "the answer is not signed by this site's engine");
	else
		r = json_parse(ret, text, len, err);
	free(text);
	return r;
}

/* An unsigned answer can only be a complaint of the web process. */
static int
complain(const struct http_answer *answer, struct err *err)
{
	size_t len = strcspn(answer->body, "\r\n");

	return err_set(err, -EPROTO, "the boot server answers %ld: %.*s", answer->status,
		       len > 200 ? 200 : (int)len, answer->body);
}

static bool
looks_signed(const struct http_answer *answer)
{
	return answer->len > 2 && answer->body[0] == 0x30;	/* a DER SEQUENCE */
}

bool
wire_clock_of(struct wire_clock *ret, const int64_t times[4])
{
	int64_t asked = times[0], received = times[1], answered = times[2], heard = times[3];
	int64_t way = (heard - asked) - (answered - received);

	if (received <= 0 || answered < received || way < 0)
		return false;
	*ret = (struct wire_clock){ true, ((asked - received) + (heard - answered)) / 2,
				    (way + 1) / 2 };
	return true;
}

/* `asked_ms`: when the question went out; an answer that was held says when it was received. */
static void
look_at_clock(struct wire *wire, const json_t *answer, int64_t asked_ms)
{
	int64_t answered = json_num(answer, "time_ms", 0);
	const int64_t times[4] = { asked_ms, json_num(answer, "received_ms", answered), answered,
				   clock_now_ms() };

	wire_clock_of(&wire->clock, times);
}

int
wire_ask(struct wire *wire, const struct wire_question *question, struct wire_answer *ret,
	 struct err *err)
{
	struct http_answer answer = { 0 };
	unsigned char *der = NULL;
	char *url;
	size_t len;
	int r;

	*ret = (struct wire_answer){ 0 };
	r = format(wire, question->body, &der, &len, err);
	if (r < 0)
		return r;
	url = str_format("%s%s", wire->input->https, question->path);
	const struct http_ask ask = {
		.url = url, .method = "POST", .ca_pem = wire->input->ca,
		.type = "application/cms", .body = der, .len = len,
		.timeout_ms = question->timeout_ms,
	};
	r = http_ask(&ask, &answer, err);
	free(url);
	free(der);
	if (r < 0)
		return r;
	ret->status = answer.status;
	if (looks_signed(&answer))
		r = parse(wire, &answer, &ret->body, err);
	else
		r = complain(&answer, err);
	if (r == 0)
		look_at_clock(wire, ret->body, json_num(question->body, "time_ms", 0));
	if (answer.status == 409)
		key_jump(wire->key, r == 0 ? json_num(ret->body, "counter", 0)
					   : wire->key->counter + KEY_BLOCK);
	http_answer_fini(&answer);
	return r;
}
