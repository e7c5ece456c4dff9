/* The agent's small readers and writers of text: box, command line, health, date. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/box.h"
#include "cloud-init/agent/health.h"
#include "cloud-init/agent/input.h"
#include "cloud-init/agent/mend.h"
#include "lib/json.h"
#include "lib/pki.h"

static void
box(void **state)
{
	static const char *const lines[] = { "", "Code:  ABCD-2345", NULL };
	static const char *const wide[] = { "a line that is longer than the forty signs", NULL };
	struct buf drawn;

	(void)state;
	buf_init(&drawn);
	box_render(&drawn, lines);
	assert_string_equal(drawn.text,
			    "  +--------------------------------------------+\n"
			    "  |                                            |\n"
			    "  |  Code:  ABCD-2345                          |\n"
			    "  +--------------------------------------------+\n");
	buf_fini(&drawn);
	buf_init(&drawn);
	box_render(&drawn, wide);
	assert_non_null(strstr(drawn.text, "|  a line that is longer than the forty signs  |\n"));
	buf_fini(&drawn);
}

static void
command_line(void **state)
{
	json_t *o = input_cmdline("panic=30 bootserver.url=http://10.9.0.1 bootserver.machine=n1 "
				  "bootserver.nonce=a=b bootserver.rootx=1 bootserver. quiet "
				  "bootserver.root=none BOOTIF=01-52-54-00-AA-00-01\n");

	(void)state;
	assert_string_equal(json_str(o, "url", ""), "http://10.9.0.1");
	assert_string_equal(json_str(o, "machine", ""), "n1");
	assert_string_equal(json_str(o, "nonce", ""), "a=b");
	assert_string_equal(json_str(o, "root", ""), "none");
	assert_string_equal(json_str(o, "mac", ""), "52:54:00:aa:00:01");
	assert_int_equal(json_object_size(o), 5);
	json_decref(o);
	o = input_cmdline("BOOTIF=junk =x bootserver.url");
	assert_int_equal(json_object_size(o), 0);
	json_decref(o);
}

static char text[256];

static bool
judge(const char *shown, const char *failed)
{
	return health_judge(shown, failed, text, sizeof(text));
}

static void
health(void **state)
{
	static const char failed[] = "[{\"unit\":\"ssh.service\",\"active\":\"failed\"}]";

	(void)state;
	assert_true(judge("SystemState=running\nNFailedUnits=0\n", NULL));
	assert_false(judge("SystemState=starting\nNFailedUnits=0\n", NULL));
	assert_string_equal(text, "waits for systemd to finish the boot (starting)");
	assert_false(judge("SystemState=degraded\nNFailedUnits=1\n", failed));
	assert_string_equal(text, "unit ssh.service has failed");
	assert_false(judge("SystemState=running\nNFailedUnits=2\n", "not JSON"));
	assert_string_equal(text, "unit ? has failed");
	assert_false(judge("SystemState=stopping\nNFailedUnits=0\n", NULL));
	assert_false(judge("", NULL));
}

static void
date(void **state)
{
	/* RFC 9110, 5.6.7 */
	static const char good[] = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

	(void)state;
	assert_int_equal(mend_date(good, sizeof(good) - 1), 784111777);
	assert_int_equal(mend_date("date: Sun, 06 Nov 1994 08:49:37 GMT", 35), 784111777);
	assert_int_equal(mend_date("Date: yesterday\r\n", 17), -1);
	assert_int_equal(mend_date("Content-Length: 5\r\n", 19), -1);
	assert_int_equal(mend_date("Date:", 5), -1);
}

static void
clock_is_touched_only_outside_the_validity(void **state)
{
	const struct pki_cert what = { "CA", NULL, PKI_CA, NULL, 1000000000, 2000000000 };
	struct err err;
	EVP_PKEY *key = pki_key_new(&err);
	X509 *ca = pki_cert_new(&what, key, NULL, NULL, &err);
	char *pem = pki_cert_pem(ca);
	struct input input = { .ca = pem };

	(void)state;
	assert_true(mend_needed(&input, 0));
	assert_true(mend_needed(&input, 999999999));
	assert_false(mend_needed(&input, 1000000001));
	assert_false(mend_needed(&input, 1999999999));
	assert_true(mend_needed(&input, 2000000001));
	free(pem);
	X509_free(ca);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(box),
		cmocka_unit_test(command_line),
		cmocka_unit_test(health),
		cmocka_unit_test(date),
		cmocka_unit_test(clock_is_touched_only_outside_the_validity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
