/* In which order a machine tries the ways to its own disk, and the other iPXE binary. */
#include "cmocka_all.h"

#include <string.h>

#include "lib/str.h"
#include "plan/local.h"

static void
order(void **state)
{
	static const struct {
		const char *platform, *last;
		bool good;
		const char *wanted;
	} rows[] = {
		{ "efi", "", false, "exit sanboot chain" },
		{ "efi", "exit", true, "exit sanboot chain" },
		{ "efi", "exit", false, "sanboot chain exit" },
		{ "efi", "sanboot", true, "sanboot chain exit" },
		{ "efi", "chain", true, "chain exit sanboot" },
		{ "efi", "chain", false, "exit sanboot chain" },
		{ "pcbios", "", false, "sanboot exit" },
		{ "pcbios", "sanboot", false, "exit sanboot" },
		{ "pcbios", "exit", true, "exit sanboot" },
		{ "pcbios", "exit", false, "sanboot exit" },
		{ "pcbios", "chain", true, "sanboot exit" },	/* its firmware was EFI before */
		{ "", "", false, "exit sanboot chain" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *ways[LOCAL_WAYS];
		char text[64] = "";

		local_order(rows[i].platform, rows[i].last, rows[i].good, ways);
		for (int j = 0; j < LOCAL_WAYS && ways[j]; j++) {
			assert_true(local_is_way(ways[j]));
			strcat(strcat(text, j ? " " : ""), ways[j]);
		}
		if (strcmp(text, rows[i].wanted) != 0)
			fail_msg("row %zu: %s", i, text);
	}
	assert_false(local_is_way("reboot"));
	assert_false(local_is_way(""));
}

static void
binary(void **state)
{
	(void)state;
	assert_string_equal(local_other_binary("snponly.efi"), "ipxe-amd64.efi");
	assert_string_equal(local_other_binary("ipxe-amd64.efi"), "snponly.efi");
	assert_null(local_other_binary("ipxe-arm64.efi"));
	assert_null(local_other_binary("undionly.kpxe"));
	assert_null(local_other_binary("autoexec.ipxe"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(order), cmocka_unit_test(binary) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
