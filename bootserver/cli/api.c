/* The commands' way to the running boot server: HTTP over run/api.sock. */
#include "cli/api.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/http.h"
#include "lib/json.h"
#include "lib/str.h"

#define SOCKET "run/api.sock"
#define BASE "http://bootserver"
#define TIMEOUT_MS 30000
#define NAME_MOST 63	/* letters of a name (RFC 1035, 2.3.4); MACs and codes are shorter */
#define ANSWER_MOST ((size_t)1 << 30)	/* bytes: a list of 10,000 machines with their facts fits */

/* Why nobody answers. */
static int
tell_silence(const struct cli *cli, const struct err *err)
{
	if (access(SOCKET, F_OK) < 0)
		return cli_fail(CLI_FAULT, "the boot server does not run for %s: start it by"
				" `bootserver -C %s run`", cli->dir, cli->dir);
	if (access(SOCKET, W_OK) < 0)
		return cli_fail(CLI_FAULT, "%s/" SOCKET ": %s: be root", cli->dir, strerror(errno));
	if (err->text[0] && !strstr(err->text, "onnect"))
		return cli_fail(CLI_FAULT, "the boot server: %s", err->text);
	return cli_fail(CLI_FAULT, "the boot server for %s has ended: start it by"
			" `bootserver -C %s run`", cli->dir, cli->dir);
}

static int
tell_fault(const struct http_answer *answer)
{
	json_t *body = NULL;
	const char *sentence = NULL;
	struct err err;

	if (json_parse(&body, answer->body, answer->len, &err) == 0)
		sentence = json_str(body, "error", NULL);
	if (sentence)
		cli_fail(CLI_FAULT, "%s", sentence);
	else
		cli_fail(CLI_FAULT, "the boot server answers with status %ld", answer->status);
	json_decref(body);
	return CLI_FAULT;
}

int
cli_api(const struct cli *cli, const char *method, const char *path, const json_t *body,
	json_t **ret)
{
	char *url = str_format(BASE "%s", path), *text = body ? json_text(body, NULL) : NULL;
	struct http_ask ask = {
		.url = url, .method = method, .unix_path = SOCKET, .body = text,
		.len = text ? strlen(text) : 0, .timeout_ms = TIMEOUT_MS, .most = ANSWER_MOST,
	};
	struct http_answer answer = { .body = NULL };
	struct err err = { .line = 0 };
	int code = CLI_GOOD;

	if (http_ask(&ask, &answer, &err) < 0)
		code = tell_silence(cli, &err);
	else if (answer.status >= 400)
		code = tell_fault(&answer);
	else if (ret && json_parse(ret, answer.body, answer.len, &err) < 0)
		code = cli_fail(CLI_FAULT, "the boot server's answer: %s", err.text);
	http_answer_fini(&answer);
	free(text);
	free(url);
	return code;
}

struct lines {
	struct buf text;
	int (*line)(void *arg, const json_t *event);
	void *arg;
	bool enough;
};

static int
take_line(struct lines *lines, const char *text, size_t len)
{
	json_t *event = NULL;
	struct err err;
	int r = 0;

	if (json_parse(&event, text, len, &err) == 0)
		r = lines->line(lines->arg, event);
	json_decref(event);
	return r;
}

static int
take_piece(void *arg, const char *data, size_t len)
{
	struct lines *lines = arg;
	char *end;

	buf_add(&lines->text, data, len);
	while ((end = memchr(lines->text.text, '\n', lines->text.len)) != NULL) {
		size_t one = (size_t)(end - lines->text.text);

		if (take_line(lines, lines->text.text, one)) {
			lines->enough = true;
			return 1;
		}
		lines->text.len -= one + 1;
		memmove(lines->text.text, end + 1, lines->text.len + 1);
	}
	return 0;
}

int
cli_api_events(const struct cli *cli, int (*line)(void *arg, const json_t *event), void *arg)
{
	struct lines lines = { .line = line, .arg = arg };
	struct http_ask ask = {
		.url = BASE "/v1/events?follow=1", .unix_path = SOCKET, .piece = take_piece,
		.arg = &lines,
	};
	struct http_answer answer = { .body = NULL };
	struct err err = { .line = 0 };
	int r;

	buf_init(&lines.text);
	r = http_ask(&ask, &answer, &err);
	buf_fini(&lines.text);
	http_answer_fini(&answer);
	if (lines.enough)
		return CLI_GOOD;
	return r == -ECONNREFUSED ? tell_silence(cli, &err) :
	       cli_fail(CLI_FAULT, "the boot server has ended");
}

char *
cli_api_machine(const char *typed, const char *rest)
{
	/* no "..", which stands for another path (RFC 3986, 5.2.4) */
	bool begins = isalnum((unsigned char)typed[0]);
	size_t len = strspn(typed, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-:.");

	if (!begins || typed[len] != '\0' || len > NAME_MOST) {
		cli_fail(CLI_FAULT, "\"%s\" is no name, MAC address or code of a machine", typed);
		return NULL;
	}
	return str_format("/v1/machines/%s%s", typed, rest);
}

int
cli_api_print(const json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_SORT_KEYS);

	puts(text);
	free(text);
	return CLI_GOOD;
}
