/* What dnsmasq says, as a message: its words are strangers' words. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "keeper/lease_event.h"
#include "lib/json.h"
#include "lib/msg.h"

struct row {
	const char *what;
	const char *vendor, *user;	/* environment */
	const char *argv[5];
	const char *expect;		/* compact JSON, keys sorted; NULL: nothing is told */
};

static const struct row rows[] = {
	{ "a firmware's lease", "PXEClient:Arch:00007:UNDI:003016", NULL,
	  { "add", "52:54:00:AB:00:01", "10.9.0.100", "n1" },
	  "{\"action\":\"add\",\"arch\":\"7\",\"hostname\":\"n1\",\"ip\":\"10.9.0.100\","
	  "\"mac\":\"52:54:00:ab:00:01\",\"type\":\"lease\","
	  "\"vendor\":\"PXEClient:Arch:00007:UNDI:003016\"}" },
	{ "BIOS is number 0", "PXEClient:Arch:00000:UNDI:002001", "iPXE",
	  { "old", "52:54:00:ab:00:01", "10.9.0.100" },
	  "{\"action\":\"old\",\"arch\":\"0\",\"ip\":\"10.9.0.100\","
	  "\"mac\":\"52:54:00:ab:00:01\",\"type\":\"lease\",\"user\":\"iPXE\","
	  "\"vendor\":\"PXEClient:Arch:00000:UNDI:002001\"}" },
	{ "no vendor class", NULL, NULL, { "del", "52:54:00:ab:00:01", "10.9.0.100", "" },
	  "{\"action\":\"del\",\"ip\":\"10.9.0.100\",\"mac\":\"52:54:00:ab:00:01\","
	  "\"type\":\"lease\"}" },
	{ "a vendor class with bytes of its own", "a\x1b[2J\xff\"\\", NULL,
	  { "add", "52:54:00:ab:00:01", "10.9.0.100" },
	  "{\"action\":\"add\",\"ip\":\"10.9.0.100\",\"mac\":\"52:54:00:ab:00:01\","
	  "\"type\":\"lease\",\"vendor\":\"a_[2J_\\\"\\\\\"}" },
	{ "a short architecture", "PXEClient:Arch:7", NULL,
	  { "add", "52:54:00:ab:00:01", "10.9.0.100" },
	  "{\"action\":\"add\",\"ip\":\"10.9.0.100\",\"mac\":\"52:54:00:ab:00:01\","
	  "\"type\":\"lease\",\"vendor\":\"PXEClient:Arch:7\"}" },
	{ "a transfer", NULL, NULL,
	  { "tftp", "296448", "10.9.0.100", "/run/bootserver/tftp/snponly.efi" },
	  "{\"file\":\"/run/bootserver/tftp/snponly.efi\",\"ip\":\"10.9.0.100\",\"size\":296448,"
	  "\"type\":\"tftp\"}" },
	{ "an IPv6 transfer", NULL, NULL, { "tftp", "1", "fe80::1", "x" }, NULL },
	{ "no Ethernet", NULL, NULL, { "add", "20-52:54:00:ab:00:01:77", "10.9.0.100" }, NULL },
	{ "no address", NULL, NULL, { "add", "52:54:00:ab:00:01", "10.9.0.256" }, NULL },
	{ "another action", NULL, NULL, { "arp-add", "52:54:00:ab:00:01", "10.9.0.100" }, NULL },
	{ "too few words", NULL, NULL, { "init" }, NULL },
};

static void
environment(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void
messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int argc = 0;
		json_t *body;
		char *text;
		struct err err;

		environment("DNSMASQ_VENDOR_CLASS", rows[i].vendor);
		environment("DNSMASQ_USER_CLASS0", rows[i].user);
		while (rows[i].argv[argc] != NULL)
			argc++;
		body = lease_event_message(argc, (char **)rows[i].argv);
		if ((body != NULL) != (rows[i].expect != NULL))
			fail_msg("%s: %s", rows[i].what, body ? "told" : "not told");
		if (body == NULL)
			continue;
		text = json_text(body, NULL);
		if (strcmp(text, rows[i].expect) != 0)
			fail_msg("%s: %s", rows[i].what, text);
		if (msg_check(body, &err) != 0)
			fail_msg("%s: %s", rows[i].what, err.text);
		free(text);
		json_decref(body);
	}
}

static void
long_words_are_cut(void **state)
{
	char name[5000];
	const char *argv[] = { "add", "52:54:00:ab:00:01", "10.9.0.100", name };
	json_t *body;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	environment("DNSMASQ_VENDOR_CLASS", name);
	body = lease_event_message(4, (char **)argv);
	assert_non_null(body);
	assert_int_equal(strlen(json_str(body, "hostname", "")), 255);
	assert_int_equal(strlen(json_str(body, "vendor", "")), 255);
	json_decref(body);
	environment("DNSMASQ_VENDOR_CLASS", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(long_words_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
