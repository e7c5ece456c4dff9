/* A clock good enough to check a certificate with: see mend.h. */
#include "cloud-init/agent/mend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "lib/clock.h"
#include "lib/pki.h"
#include "lib/str.h"

#define ASK_MS 10000L
#define HOUR_S 3600

int64_t
mend_date(const char *line, size_t len)
{
	char text[64];
	time_t when;

	if (len < 6 || len >= sizeof(text) || strncasecmp(line, "Date:", 5) != 0)
		return -1;
	memcpy(text, line + 5, len - 5);
	text[len - 5] = '\0';
	when = curl_getdate(text, NULL);
	return when > 0 ? (int64_t)when : -1;
}

static bool
is_valid_at(X509 *cert, int64_t at_s)
{
	time_t at = (time_t)at_s;

	return X509_cmp_time(X509_get0_notBefore(cert), &at) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &at) > 0;
}

bool
mend_needed(const struct input *input, int64_t now_s)
{
	struct err ignored;
	X509 *ca = pki_cert_parse(input->ca, &ignored);
	bool needed = ca && !is_valid_at(ca, now_s);

	X509_free(ca);
	return needed;
}

static size_t
take_header(char *line, size_t size, size_t count, void *arg)
{
	int64_t when = mend_date(line, size * count), *ret = arg;

	if (when > 0)
		*ret = when;
	return size * count;
}

static size_t
drop_body(char *data, size_t size, size_t count, void *arg)
{
	(void)data, (void)arg;
	return size * count;
}

static int
ask_date(const char *url, int64_t *ret, struct err *err)
{
	CURL *curl = curl_easy_init();
	int64_t when = -1;
	char *path;
	CURLcode code;

	if (!curl)
		return err_set(err, -ENOMEM, "cannot start libcurl");
	path = str_format("%s/healthz", url);
	curl_easy_setopt(curl, CURLOPT_URL, path);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ASK_MS);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &when);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_body);
	code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	free(path);
	if (code != CURLE_OK)
		return err_set(err, -EIO, "%s: %s", url, curl_easy_strerror(code));
	if (when < 0)
		return err_set(err, -EPROTO, "%s tells no date", url);
	*ret = when;
	return 0;
}

int
mend_clock(const struct input *input, bool doubt, int64_t *ret_delta_ms, struct err *err)
{
	int64_t now = clock_now_ms(), when = 0;
	struct timespec ts = { 0 };
	int r;

	*ret_delta_ms = 0;
	if (!doubt && !mend_needed(input, now / 1000))
		return 0;
	r = ask_date(input->url, &when, err);
	if (r < 0)
		return r;
	if (mend_needed(input, when))
		return err_set(err, -ERANGE, "the boot server's own clock lies outside the "
			       "validity of the site CA: set it right");
	if (!mend_needed(input, now / 1000) && llabs(when - now / 1000) < HOUR_S)
		return 0;
	ts.tv_sec = (time_t)when;
	if (clock_settime(CLOCK_REALTIME, &ts) < 0)
		return err_errno(err, -errno, "cannot set the clock");
	*ret_delta_ms = when * 1000 - now;
	return 0;
}
