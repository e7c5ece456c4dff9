/* One transfer by libcurl: see http.h. */
#include "lib/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "lib/str.h"

struct taking {
	const struct http_ask *ask;
	struct buf body;
	size_t most;
};

static size_t
take(char *data, size_t size, size_t count, void *arg)
{
	struct taking *taking = arg;
	size_t len = size * count;

	if (taking->ask->piece)
		return taking->ask->piece(taking->ask->arg, data, len) ? 0 : len;
	if (len > taking->most - taking->body.len)
		return 0;
	buf_add(&taking->body, data, len);
	return len;
}

static int
to_errno(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT: return -ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT: return -ETIMEDOUT;
	case CURLE_PEER_FAILED_VERIFICATION: return -EACCES;
	case CURLE_WRITE_ERROR: return -EFBIG;
	default: return -EIO;
	}
}

static void
set_pem(CURL *curl, CURLoption option, const char *pem)
{
	struct curl_blob blob = { .flags = CURL_BLOB_NOCOPY };

	if (!pem)
		return;
	blob.data = (void *)(uintptr_t)pem;
	blob.len = strlen(pem);
	curl_easy_setopt(curl, option, &blob);
}

static void
set_trust(CURL *curl, const struct http_ask *ask)
{
	curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	set_pem(curl, CURLOPT_CAINFO_BLOB, ask->ca_pem);
	set_pem(curl, CURLOPT_SSLCERT_BLOB, ask->cert_pem);
	set_pem(curl, CURLOPT_SSLKEY_BLOB, ask->key_pem);
}

static struct curl_slist *
set_ask(CURL *curl, const struct http_ask *ask)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	char *type = str_format("Content-Type: %s", ask->type ? ask->type : "application/json");

	curl_easy_setopt(curl, CURLOPT_URL, ask->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ask->timeout_ms);
	if (ask->unix_path)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ask->unix_path);
	if (ask->body || str_eq(ask->method, "POST") || str_eq(ask->method, "PUT")) {
		headers = curl_slist_append(headers, type);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body ? ask->body : "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->len);
	}
	if (ask->method)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
	if (str_eq(ask->method, "HEAD"))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	free(type);
	return headers;
}

int
http_ask(const struct http_ask *ask, struct http_answer *ret, struct err *err)
{
	struct taking taking = { .ask = ask, .most = ask->most ? ask->most : 16 << 20 };
	char reason[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers;
	CURL *curl = curl_easy_init();
	CURLcode code;

	if (!curl)
		return err_set(err, -ENOMEM, "cannot start libcurl");
	buf_init(&taking.body);
	set_trust(curl, ask);
	headers = set_ask(curl, ask);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &taking);
	code = curl_easy_perform(curl);
	if (code == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK) {
		buf_fini(&taking.body);
		return err_set(err, to_errno(code), "%s: %s", ask->url,
			       reason[0] ? reason : curl_easy_strerror(code));
	}
	ret->body = taking.body.text;
	ret->len = taking.body.len;
	return 0;
}

void
http_answer_fini(struct http_answer *answer)
{
	free(answer->body);
	answer->body = NULL;
}
