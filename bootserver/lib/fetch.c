/*
 * A blob, fetched by libcurl.  One transfer ends as one fetch_event; what follows from it stands
 * in retry.c's table.
 */
#include "lib/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/retry.h"
#include "lib/chance.h"
#include "lib/str.h"

#define CONNECT_S 10L
#define QUIET_S 30L		/* a transfer without a byte for so long is a broken one */
#define PIECE (256L * 1024)

struct transfer {
	struct blob *blob;
	CURL *curl;
	struct err *err;
	uint64_t asked;		/* first byte asked for */
	bool placed;		/* the first byte of this answer was looked at */
	int64_t after_s;
	char place[40];		/* in its queue, "": it does not say */
	int code;		/* why take() ended it */
};

static long
status_of(struct transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* Before the first byte of an answer is taken: a 200 where a part was asked for means that the
 * server gives no parts (RFC 9110 14.2), so all of it is taken from the start. */
static int
place(struct transfer *t)
{
	struct curl_header *range;
	unsigned long long first = 0;

	t->placed = true;
	if (status_of(t) == 200)
		return t->asked > 0 ? blob_anew(t->blob, t->err) : 0;
	if (curl_easy_header(t->curl, "Content-Range", 0, CURLH_HEADER, -1, &range) != CURLHE_OK ||
	    sscanf(range->value, "bytes %20llu-", &first) != 1 || first != t->asked)
		return err_set(t->err, -EPROTO, "the server sent another part than asked for");
	return 0;
}

static size_t
take(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;
	long status = status_of(t);

	if (status != 200 && status != 206)
		return len;	/* the body of a refusal */
	if (!t->placed)
		t->code = place(t);
	if (t->code == 0)
		t->code = blob_add(t->blob, data, len, t->err);
	return t->code == 0 ? len : 0;
}

static CURLcode
perform(struct transfer *t, const char *url, char reason[CURL_ERROR_SIZE])
{
	curl_easy_reset(t->curl);
	curl_easy_setopt(t->curl, CURLOPT_URL, url);
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(t->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, QUIET_S);
	curl_easy_setopt(t->curl, CURLOPT_BUFFERSIZE, PIECE);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, reason);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	if (t->asked > 0) {
		char range[32];
		snprintf(range, sizeof(range), "%llu-", (unsigned long long)t->asked);
		curl_easy_setopt(t->curl, CURLOPT_RANGE, range);
	}
	return curl_easy_perform(t->curl);
}

/* The header Queue-Place of a 503, if it is two numbers. */
static void
read_place(struct transfer *t)
{
	struct curl_header *header;
	unsigned place, of;

	t->place[0] = '\0';
	if (curl_easy_header(t->curl, "Queue-Place", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
	    sscanf(header->value, "%7u/%7u", &place, &of) == 2)
		snprintf(t->place, sizeof(t->place), "place %u of %u", place, of);
}

/* All bytes of an answer came: is it what we want? */
static enum fetch_event
whole(struct transfer *t)
{
	struct blob *blob = t->blob;
	int code = blob_check(blob, t->err);

	if (code < 0 && blob->target->size > blob->got)
		err_set(t->err, code, "the blob has %llu bytes, not %llu",
			(unsigned long long)blob->got, (unsigned long long)blob->target->size);
	return code < 0 ? FETCH_WRONG : FETCH_ALL;
}

/* One transfer, as an event with its sentence. */
static enum fetch_event
transfer(struct transfer *t, const char *url)
{
	char reason[CURL_ERROR_SIZE] = "";
	curl_off_t after = 0;

	blob_resume(t->blob);
	t->asked = t->blob->got;
	t->placed = false;
	t->code = 0;
	if (t->asked > 0 && t->asked == t->blob->target->size)
		return whole(t);	/* the last byte came, then the connection broke */
	CURLcode code = perform(t, url, reason);
	long status = status_of(t);
	curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &after);
	t->after_s = (int64_t)after;
	if (t->code == -EMSGSIZE || t->code == -EPROTO)
		return FETCH_WRONG;
	if (t->code < 0)
		return FETCH_LOCAL;
	if (code != CURLE_OK) {
		err_set(t->err, -EIO, "%s", reason[0] != '\0' ? reason : curl_easy_strerror(code));
		return FETCH_BROKEN;
	}
	if (status == 200 || status == 206)
		return whole(t);
	if (status == 503) {
		err_set(t->err, -EBUSY, "the server's queue is full (503)");
		read_place(t);
		return FETCH_BUSY;
	}
	err_set(t->err, -EREMOTEIO, "the server answers %ld for this blob", status);
	return status == 416 ? FETCH_WRONG : FETCH_REFUSED;
}

static void
tell(const struct transfer *t, enum fetch_event event, const struct retry_next *next)
{
	const struct blob *blob = t->blob;
	const char *then = next->act == FETCH_ANEW ? "from the first byte" : "from there";
	char *line;

	if (event == FETCH_BUSY)
		line = str_format("waiting in the server's queue%s%s, asking again in %lld s",
				  t->place[0] ? ": " : "", t->place,
				  (long long)(next->wait_ms + 999) / 1000);
	else
		line = str_format("%s; at %.1f MiB, again in %.1f s %s", t->err->text,
				  (double)blob->got / 1048576, (double)next->wait_ms / 1000, then);
	blob->target->say(blob->target->arg, line);
	free(line);
}

/* Transfers until the table says that it is enough. */
static int
run(struct transfer *t, const char *url)
{
	const struct blob_target *target = t->blob->target;
	struct retry retry = {0};
	uint8_t spice;

	for (;;) {
		enum fetch_event event = transfer(t, url);
		chance_bytes(&spice, sizeof(spice));
		struct retry_next next = retry_fetch(&retry, event, t->blob->got > t->asked,
						     t->after_s, spice);
		if (next.act == FETCH_DONE)
			return 0;
		if (next.act == FETCH_FAIL)
			return t->code < 0 ? t->code : -EIO;
		tell(t, event, &next);
		if (event == FETCH_BUSY)
			target->alive(target->arg);	/* in the queue of a server that lives */
		target->wait(target->arg, next.wait_ms);
		int code = next.act == FETCH_ANEW ? blob_anew(t->blob, t->err) : 0;
		if (code < 0)
			return code;
	}
}

int
fetch_blob(const char *url, const struct blob_target *target, struct err *err)
{
	struct blob blob;
	int code = blob_open(&blob, target, err);

	if (code < 0)
		return code;
	struct transfer t = { .blob = &blob, .curl = curl_easy_init(), .err = err };
	code = t.curl != NULL ? run(&t, url) : err_set(err, -ENOMEM, "cannot start libcurl");
	if (t.curl != NULL)
		curl_easy_cleanup(t.curl);
	blob_close(&blob, code == 0);
	return code < 0 ? err_wrap(err, code, "cannot fetch blob %.12s…", target->sha256) : 0;
}
