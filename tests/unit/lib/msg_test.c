/* Messages between processes: small, large, with descriptors, malformed, end of file. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/msg.h"
#include "lib/str.h"

static int pair[2];

static int
setup(void **state)
{
	struct err err;

	(void)state;
	return msg_pair(pair, &err);
}

static int
teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static json_t *
answer(size_t len)
{
	json_t *body = json_pack("{s:s,s:i}", "type", "answer", "id", 7);
	char *text = mem_new(len + 1);

	memset(text, 'x', len);
	json_put(body, "body", text);
	free(text);
	return body;
}

static void
round_trip(size_t len, const int *fds, size_t nfds)
{
	json_t *body = answer(len);
	struct msg got;
	struct err err;

	assert_int_equal(msg_send(pair[0], body, fds, nfds, &err), 0);
	assert_int_equal(msg_recv(pair[1], &got, &err), 1);
	assert_true(json_equal(body, got.body));
	assert_int_equal(got.nfds, nfds);
	assert_string_equal(msg_type(&got), "answer");
	msg_fini(&got);
	assert_int_equal(msg_recv(pair[1], &got, &err), 0);
	json_decref(body);
}

static void
sizes(void **state)
{
	static const size_t lens[] = { 0, 1, 1000, 65000, 65536, 65537, 300000, 5000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		round_trip(lens[i], NULL, 0);
}

static void
descriptors(void **state)
{
	int fds[MSG_FDS];

	(void)state;
	for (int i = 0; i < MSG_FDS; i++)
		fds[i] = STDERR_FILENO;
	round_trip(10, fds, 1);
	round_trip(10, fds, MSG_FDS);
	round_trip(100000, fds, MSG_FDS);
}

static void
descriptor_works(void **state)
{
	json_t *body = answer(1);
	struct msg got;
	struct err err;
	int pipes[2];
	char byte = 0;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(msg_send(pair[0], body, &pipes[1], 1, &err), 0);
	assert_int_equal(msg_wait(pair[1], &got, 1000, &err), 1);
	assert_int_equal(write(got.fds[0], "!", 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, '!');
	msg_fini(&got);
	json_decref(body);
	close(pipes[0]);
	close(pipes[1]);
}

static void
malformed(void **state)
{
	static const char *const rows[] = {
		"x", "F", "{}", "[1]", "{\"type\":7}", "{\"type\":\"nonsense\"}",
		"{\"type\":\"answer\"}", "{\"type\":\"answer\",\"id\":\"7\"}",
		"{\"type\":\"boot\",\"id\":1,\"ip\":\"1.2.3.4\"}",
		"{\"type\":\"answer\",\"id\":1,\"id\":2}",
	};
	struct msg got;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(send(pair[0], rows[i], strlen(rows[i]), 0), strlen(rows[i]));
		if (msg_recv(pair[1], &got, &err) != -EBADMSG)
			fail_msg("row %zu: %s", i, rows[i]);
	}
}

static void
ends(void **state)
{
	json_t *body = answer(1);
	struct msg got;
	struct err err;

	(void)state;
	assert_int_equal(msg_wait(pair[1], &got, 1, &err), -ETIMEDOUT);
	close(pair[1]);
	assert_int_equal(msg_send(pair[0], body, NULL, 0, &err), -EPIPE);
	assert_int_equal(msg_recv(pair[0], &got, &err), -EPIPE);
	pair[1] = dup(STDERR_FILENO);
	json_decref(body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sizes), TEST(descriptors), TEST(descriptor_works), TEST(malformed), TEST(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
