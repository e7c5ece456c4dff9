/*
 * The transfer of a blob over real sockets: a small server on loopback answers each request as the
 * row of its script says, breaks off, queues, lies.
 */
#include "cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "images/stage1/cache.h"
#include "lib/fetch.h"
#include "lib/file.h"
#include "lib/str.h"

#define SIZE 1000003u
#define ANSWERS 16

/* One answer: a 206 from the byte asked for (or 200 if none was) unless said otherwise. */
struct answer {
	unsigned cut;		/* close after so many bytes; 0: send all */
	int status;		/* another status, without a body */
	const char *header;	/* more headers, with CRLF */
	unsigned shift;		/* the part sent starts so many bytes further on */
	bool no_range;		/* 200 and everything, whatever was asked */
	bool wrong;		/* every byte turned over */
	bool longer;		/* one byte too many */
	bool shorter;		/* one byte too few, announced so */
};

struct talk {
	const struct answer *answers;
	size_t count;
	int pipe[2];		/* the first byte asked for, one unsigned a request */
	pid_t server;
	int port;
	unsigned waits;
	int64_t waited_ms;
	unsigned said_queue, said_place;
	unsigned asked[ANSWERS];	/* after talk_stop(): what the pipe had */
	size_t requests;
};

static char data[SIZE + 1];
static char data_sha[SHA256_TEXT];
static char path[] = "/tmp/bootserver-fetch-XXXXXX";

static void
fill(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(data); i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (char)(x >> 24);
	}
	sha256_text(data_sha, data, SIZE);
}

/* Reads one request's head; returns the first byte its Range asks for. */
static unsigned
hear(int fd)
{
	char head[4096];
	size_t len = 0;
	unsigned first = 0;

	while (len < sizeof(head) - 1 && read(fd, head + len, 1) == 1) {
		head[++len] = '\0';
		if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0)
			break;
	}
	const char *range = strstr(head, "Range: bytes=");
	if (range != NULL)
		first = (unsigned)strtoul(range + strlen("Range: bytes="), NULL, 10);
	return first;
}

static void
answer(int fd, const struct answer *a, unsigned first)
{
	const char *more = a->header != NULL ? a->header : "";
	unsigned from = a->no_range ? 0 : first + a->shift;
	unsigned end = a->longer ? SIZE + 1 : a->shorter ? SIZE - 1 : SIZE;
	unsigned len = end - from;

	if (a->status != 0) {
		dprintf(fd, "HTTP/1.1 %d x\r\nContent-Length: 4\r\nConnection: close\r\n%s\r\noops",
			a->status, more);
		return;
	}
	if (first > 0 && !a->no_range)
		dprintf(fd, "HTTP/1.1 206 x\r\nContent-Range: bytes %u-%u/%u\r\n", from, end - 1,
			end);
	else
		dprintf(fd, "HTTP/1.1 200 x\r\n");
	dprintf(fd, "Content-Length: %u\r\nConnection: close\r\n%s\r\n", len, more);
	if (a->cut > 0 && a->cut < len)
		len = a->cut;
	for (unsigned i = 0; a->wrong && i < SIZE; i++)
		data[i] ^= 1;
	file_write_all(fd, data + from, len);
	for (unsigned i = 0; a->wrong && i < SIZE; i++)
		data[i] ^= 1;
}

static void
serve(struct talk *talk, int listener)
{
	for (size_t i = 0; i < talk->count; i++) {
		int fd = accept(listener, NULL, NULL);
		unsigned first = hear(fd);
		char c;
		file_write_all(talk->pipe[1], &first, sizeof(first));
		answer(fd, &talk->answers[i], first);
		shutdown(fd, SHUT_WR);
		while (read(fd, &c, 1) > 0)
			;
		close(fd);
	}
}

static void
talk_start(struct talk *talk, const struct answer *answers, size_t count)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	*talk = (struct talk){ .answers = answers, .count = count };
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(pipe(talk->pipe), 0);
	talk->port = ntohs(address.sin_port);
	talk->server = fork();
	assert_true(talk->server >= 0);
	if (talk->server == 0) {
		signal(SIGPIPE, SIG_IGN);
		serve(talk, listener);
		_exit(0);
	}
	close(listener);
	close(talk->pipe[1]);
}

static void
talk_stop(struct talk *talk)
{
	kill(talk->server, SIGKILL);
	waitpid(talk->server, NULL, 0);
	while (talk->requests < ANSWERS &&
	       read(talk->pipe[0], &talk->asked[talk->requests], sizeof(unsigned)) > 0)
		talk->requests++;
	close(talk->pipe[0]);
}

static void
say(void *arg, const char *line)
{
	struct talk *talk = arg;

	talk->said_queue += strstr(line, "queue") != NULL;
	talk->said_place += strstr(line, "queue: place 12 of 40, asking again in 7 s") != NULL;
}

static void
alive(void *arg)
{
	(void)arg;
}

/* Waits nothing, but counts. */
static void
wait_ms(void *arg, int64_t ms)
{
	struct talk *talk = arg;

	if (++talk->waits > 100)
		fail_msg("waits for ever");
	talk->waited_ms += ms;
}

/* Runs one transfer against the script of `count` answers. */
static int
fetch(struct talk *talk, const struct answer *answers, size_t count, struct err *err)
{
	struct blob_target target = { .path = path, .sha256 = data_sha, .size = SIZE, .say = say,
				      .alive = alive, .wait = wait_ms, .arg = talk };

	talk_start(talk, answers, count);
	char *url = str_format("http://127.0.0.1:%d/blob/%s?nonce=1", talk->port, data_sha);
	int code = fetch_blob(url, &target, err);
	free(url);
	talk_stop(talk);
	return code;
}
#define FETCH(answers) fetch(&talk, answers, sizeof(answers) / sizeof(answers[0]), &err)

static void
assert_file_right(void)
{
	char *text;
	size_t len;
	struct err err;

	assert_int_equal(file_read(AT_FDCWD, path, &text, &len, &err), 0);
	assert_int_equal(len, SIZE);
	assert_memory_equal(text, data, SIZE);
	free(text);
}

static void
assert_no_file(void)
{
	assert_int_equal(access(path, F_OK), -1);
}

static void
in_one_go(void **state)
{
	static const struct answer answers[] = { { 0 } };
	struct talk talk;
	struct err err;

	(void)state;
	assert_int_equal(FETCH(answers), 0);
	assert_file_right();
	assert_int_equal(talk.waits, 0);
	assert_int_equal(talk.requests, 1);
}

static void
goes_on_where_it_broke(void **state)
{
	static const struct answer answers[] = { { .cut = 300000 }, { .cut = 1 }, { .cut = 400000 },
						 { 0 } };
	struct talk talk;
	struct err err;

	(void)state;
	assert_int_equal(FETCH(answers), 0);
	assert_file_right();
	assert_int_equal(talk.requests, 4);
	assert_int_equal(talk.asked[0], 0);
	assert_int_equal(talk.asked[1], 300000);
	assert_int_equal(talk.asked[2], 300001);
	assert_int_equal(talk.asked[3], 700001);
	assert_int_equal(talk.waits, 3);
	assert_true(talk.waited_ms <= 3 * 1250);	/* bytes came each time: no longer waits */
}

static void
waits_in_the_queue(void **state)
{
	static const struct answer answers[] = {
		{ .status = 503, .header = "Retry-After: 7\r\nQueue-Place: 12/40\r\n" },
		{ .cut = 1000 },
		{ .status = 503, .header = "Retry-After: 11\r\nQueue-Place: soon\r\n" }, { 0 },
	};
	struct talk talk;
	struct err err;

	(void)state;
	assert_int_equal(FETCH(answers), 0);
	assert_file_right();
	assert_int_equal(talk.said_queue, 2);
	assert_int_equal(talk.said_place, 1);
	assert_in_range(talk.waited_ms, 18000 + 750, 18000 + 1250);
	assert_int_equal(talk.asked[3], 1000);
}

static void
server_without_parts(void **state)
{
	static const struct answer answers[] = { { .cut = 500000 }, { .no_range = true } };
	struct talk talk;
	struct err err;

	(void)state;
	assert_int_equal(FETCH(answers), 0);
	assert_file_right();
	assert_int_equal(talk.asked[1], 500000);
}

static void
another_part_than_asked(void **state)
{
	static const struct answer answers[] = { { .cut = 500000 }, { .shift = 10 }, { 0 } };
	struct talk talk;
	struct err err;

	(void)state;
	assert_int_equal(FETCH(answers), 0);
	assert_file_right();
	assert_int_equal(talk.asked[1], 500000);
	assert_int_equal(talk.asked[2], 0);
}

static void
wrong_bytes_once(void **state)
{
	static const struct answer answers[] = { { .wrong = true }, { .cut = 5 }, { 0 } };
	struct talk talk;
	struct err err;

	(void)state;
	assert_int_equal(FETCH(answers), 0);
	assert_file_right();
	assert_int_equal(talk.asked[1], 0);		/* nothing of the wrong bytes is kept */
	assert_int_equal(talk.asked[2], 5);
}

/* Scripts after which there is no file: three times other bytes, and how that looks. */
static void
wrong_for_good(void **state)
{
	static const struct {
		struct answer answers[3];
		const char *word;
	} rows[] = {
		{ { { .wrong = true }, { .wrong = true }, { .wrong = true } }, "digest" },
		{ { { .longer = true }, { .longer = true }, { .longer = true } }, "more came" },
		{ { { .shorter = true }, { .shorter = true }, { .shorter = true } }, "1000002" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct talk talk;
		struct err err;

		assert_int_not_equal(FETCH(rows[i].answers), 0);
		if (strstr(err.text, rows[i].word) == NULL)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(talk.requests, 3);
		assert_no_file();
	}
}

static void
refused_for_good(void **state)
{
	struct answer answers[10];
	struct talk talk;
	struct err err;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		answers[i] = (struct answer){ .status = i % 2 == 0 ? 404 : 500 };
	assert_int_not_equal(FETCH(answers), 0);
	assert_non_null(strstr(err.text, "500"));
	assert_int_equal(talk.requests, 10);
	assert_no_file();
}

/* RLIMIT_FSIZE stands for a full /run: a write fails half way. */
static void
no_room(void **state)
{
	static const struct answer answers[] = { { 0 }, { 0 } };
	struct rlimit before, small;
	struct talk talk;
	struct err err;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 500000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int code = FETCH(answers);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(code, -EFBIG);
	assert_int_equal(talk.requests, 1);	/* trying again would be no use */
	assert_no_file();
}

static void
cached(void **state)
{
	struct talk talk = {0};
	struct blob_target target = { .path = path, .sha256 = data_sha, .size = SIZE, .say = say,
				      .alive = alive, .wait = wait_ms, .arg = &talk };
	char *source = str_format("%s.cache", path);
	struct err err;

	(void)state;
	assert_int_equal(file_write((struct file_new){ AT_FDCWD, source, 0600 }, data, SIZE,
				    &err), 0);
	assert_int_equal(cache_copy(source, &target, &err), 0);
	assert_file_right();
	data[SIZE / 2] ^= 1;
	assert_int_equal(file_write((struct file_new){ AT_FDCWD, source, 0600 }, data, SIZE,
				    &err), 0);
	data[SIZE / 2] ^= 1;
	assert_int_equal(cache_copy(source, &target, &err), -EBADMSG);
	assert_no_file();
	assert_int_equal(file_write((struct file_new){ AT_FDCWD, source, 0600 }, data, SIZE + 1,
				    &err), 0);
	assert_int_equal(cache_copy(source, &target, &err), -EMSGSIZE);
	assert_no_file();
	assert_int_equal(file_write((struct file_new){ AT_FDCWD, source, 0600 }, data, SIZE - 1,
				    &err), 0);
	assert_int_equal(cache_copy(source, &target, &err), -EBADMSG);
	unlink(source);
	assert_int_equal(cache_copy(source, &target, &err), -ENOENT);
	free(source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_one_go),
		cmocka_unit_test(goes_on_where_it_broke),
		cmocka_unit_test(waits_in_the_queue),
		cmocka_unit_test(server_without_parts),
		cmocka_unit_test(another_part_than_asked),
		cmocka_unit_test(wrong_bytes_once),
		cmocka_unit_test(wrong_for_good),
		cmocka_unit_test(refused_for_good),
		cmocka_unit_test(no_room),
		cmocka_unit_test(cached),
	};

	fill();
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
