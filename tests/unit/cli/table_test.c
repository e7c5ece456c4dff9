/* The operator's screens: the table of machines and one machine's timeline. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cluster.h"
#include "cli/table.h"
#include "cli/timeline.h"

static const char machines[] =
	"[{\"name\": \"n1\", \"state\": \"healthy\", \"phase\": \"healthy\", \"phase_state\":"
	" \"done\","
	"  \"boot_since_ms\": 1000, \"healthy_ms\": 42300, \"image\": \"edge@2\", \"ip\":"
	" \"10.9.0.100\"},"
	" {\"name\": \"n2\", \"state\": \"booting\", \"phase\": \"root\", \"phase_state\":"
	" \"begin\","
	"  \"boot_since_ms\": 60000, \"healthy_ms\": null, \"image\": \"edge@2\", \"ip\":"
	" \"10.9.0.101\","
	"  \"text\": \"250.0 MB\","
	"  \"progress\": {\"part\": \"root\", \"done\": 100000000, \"total\": 250000000}},"
	" {\"name\": \"m-525400000099\", \"state\": \"waiting\", \"phase\": \"script\","
	"  \"phase_state\": \"wait\", \"boot_since_ms\": 90000, \"healthy_ms\": null,"
	" \"image\": null,"
	"  \"ip\": \"10.9.0.102\", \"text\": \"unknown machine\", \"code\": \"ABCD-2345\"},"
	" {\"name\": \"n3\", \"state\": \"new\", \"phase\": \"\", \"phase_state\": \"\","
	"  \"boot_since_ms\": 0, \"healthy_ms\": null, \"image\": \"edge@2\", \"ip\": null}]";

static json_t *
parsed(const char *text)
{
	json_t *ret = json_loads(text, 0, NULL);

	assert_non_null(ret);
	return ret;
}

/* The table of these machines (JSON). */
static void
expect_list(const char *list, const struct table_look *look, const char *wanted)
{
	json_t *o = parsed(list);
	struct buf got;

	buf_init(&got);
	table_machines(o, look, &got);
	assert_string_equal(got.text, wanted);
	buf_fini(&got);
	json_decref(o);
}

static void
expect_table(const struct table_look *look, const char *wanted)
{
	expect_list(machines, look, wanted);
}

/* What `show` says of a machine (JSON) a minute after the first second of time. */
static void
expect_machine(const char *machine, const char *wanted)
{
	json_t *o = parsed(machine);
	struct buf got;

	setenv("TZ", "UTC", 1);
	tzset();
	buf_init(&got);
	timeline_machine(o, 61000, &got);
	assert_string_equal(got.text, wanted);
	buf_fini(&got);
	json_decref(o);
}

static void
table_in_plain_signs(void **state)
{
	struct table_look look = { .now_ms = 100000 };

	(void)state;
	expect_table(&look,
		"NAME            STATE    PHASE    PROGRESS        TIME    IMAGE   ADDRESS\n"
		"n1              healthy  healthy  ##############  41 s    edge@2  10.9.0.100\n"
		"n2              booting  root     #######.......  40 s    edge@2  10.9.0.101"
		"   40% of 250 MB\n"
		"m-525400000099  waiting  script   ###...........  10 s            10.9.0.102"
		"  code ABCD-2345 waits for approval\n"
		"n3              new                                       edge@2            "
		"  not seen yet\n");
}

static void
table_with_blocks_fits_the_terminal(void **state)
{
	struct table_look look = { .now_ms = 100000, .utf8 = true, .width = 94, .rows = 3 };

	(void)state;
	expect_table(
		&look,
		"NAME            STATE    PHASE    PROGRESS        TIME    IMAGE   ADDRESS\n"
		"n1              healthy  healthy  ██████████████  41 s    edge@2  10.9.0.100\n"
		"n2              booting  root     ███████▍······  40 s    edge@2  10.9.0.101  "
		" 40% of 250 MB\n"
		"m-525400000099  waiting  script   ███···········  10 s            10.9.0.102 "
		" code ABCD-2345\n"
		"and 1 more\n");
}

static void
narrow_terminal_gets_fewer_columns(void **state)
{
	struct table_look look = { .now_ms = 100000, .width = 56, .rows = 2 };

	(void)state;
	look.width = 68;
	expect_table(&look,
		"NAME  STATE    PHASE    PROGRESS        TIME    IMAGE   ADDRESS\n"
		"n1    healthy  healthy  ##############  41 s    edge@2  10.9.0.100\n"
		"n2    booting  root     #######.......  40 s    edge@2  10.9.0.101\n"
		"and 2 more\n");
	look.width = 56;
	expect_table(&look,
		"NAME  STATE    PHASE    PROGRESS        TIME    IMAGE\n"
		"n1    healthy  healthy  ##############  41 s    edge@2\n"
		"n2    booting  root     #######.......  40 s    edge@2\n"
		"and 2 more\n");
	look.width = 9;
	expect_table(&look, "NAME\nn1\nn2\nand 2 more\n");
}

static void
colour_is_around_state_and_bar_alone(void **state)
{
	struct table_look look = { .now_ms = 100000, .colour = true, .rows = 1 };

	(void)state;
	expect_table(
		&look,
		"\033[1mNAME  STATE    PHASE    PROGRESS        TIME    IMAGE   ADDRESS\033[0m\n"
		"n1    \033[32mhealthy\033[0m  healthy  \033[32m##############\033[0m  41 s   "
		" edge@2"
		"  10.9.0.100\nand 3 more\n");
}

/* Columns of the cluster are there as soon as one machine has something in them. */
static void
nodes_have_their_columns(void **state)
{
	static const char nodes[] =
		"[{\"name\": \"n1\", \"state\": \"healthy\", \"phase\": \"healthy\","
		" \"phase_state\": \"done\", \"boot_since_ms\": 1000, \"healthy_ms\": 42300,"
		" \"image\": \"edge@2\", \"ip\": \"10.9.0.100\","
		" \"roles\": [\"control-plane\", \"worker\", \"load-balancer\"],"
		" \"node\": {\"state\": \"Ready\"}, \"lb\": [\"10.9.0.200\", \"10.9.0.201\"],"
		" \"storage\": {\"osds\": 1, \"up\": 1, \"disks\": 2}},"
		" {\"name\": \"n2\", \"state\": \"new\", \"phase\": \"\", \"phase_state\": \"\","
		" \"boot_since_ms\": 0, \"healthy_ms\": null, \"image\": \"edge@2\","
		" \"ip\": null, \"roles\": [\"worker\"], \"node\": {\"state\": \"none\"},"
		" \"lb\": []}]";
	struct table_look look = { .now_ms = 100000 };

	(void)state;
	expect_list(nodes, &look,
		"NAME  STATE    PHASE    PROGRESS        TIME    NODE   ROLES         LB        "
		"     STORAGE  IMAGE   ADDRESS\n"
		"n1    healthy  healthy  ##############  41 s    Ready  cp,worker,lb  10.9.0.200"
		" +1  1/2 up   edge@2  10.9.0.100\n"
		"n2    new                                              worker                  "
		"              edge@2              not seen yet\n");
	look.width = 70;
	expect_list(nodes, &look,
		"NAME  STATE    PHASE    PROGRESS        TIME    NODE   ROLES\n"
		"n1    healthy  healthy  ##############  41 s    Ready  cp,worker,lb\n"
		"n2    new                                              worker\n");
}

/* What is not as it should be has a line; a cluster that is well, or none, has nothing to say. */
static void
cluster_is_told_when_it_ails(void **state)
{
	static const struct {
		const char *cluster, *says;
	} rows[] = {
		{ "{\"nodes\": [], \"pools\": null, \"ceph\": null}", "" },
		{ "{\"nodes\": [{\"name\": \"n1\", \"stale\": false}], \"pools\": [{\"name\":"
		  " \"a\", \"free\": 3}], \"ceph\": {\"health\": \"HEALTH_OK\"}}", "" },
		{ "{\"nodes\": [{\"name\": \"old\", \"stale\": true}], \"pools\": [{\"name\":"
		  " \"a\", \"free\": 0}], \"ceph\": {\"health\": \"HEALTH_WARN\", \"osds_up\": 1,"
		  " \"osds_in\": 2}}",
		  "node old is no machine of the site any more; once it is not wanted: kubectl"
		  " delete node old\npool a has no free address left\n"
		  "Ceph says HEALTH_WARN: 1 of 2 OSDs are up\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *cluster = parsed(rows[i].cluster);
		struct buf got;

		buf_init(&got);
		cluster_lines(cluster, &got);
		assert_string_equal(got.text, rows[i].says);
		buf_fini(&got);
		json_decref(cluster);
	}
}

static void
no_machines_is_said(void **state)
{
	struct table_look look = { .now_ms = 1 };

	(void)state;
	expect_list("[]", &look, "no machines yet: put some into site.yaml, or power one on\n");
}

static void
times_read_well(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{-5, "0.0 s"},
		{0, "0.0 s"},
		{449, "0.4 s"},
		{9999, "9.9 s"},
		{10000, "10 s"},
		{99999, "99 s"},
		{100000, "1 m 40 s"},
		{3599999, "59 m 59 s"},
		{3600000, "1 h 00 m"},
		{86400000, "1 d 0 h"},
		{8640000000, "100 d 0 h"},
	};
	char got[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		table_time(got, rows[i].ms);
		assert_string_equal(got, rows[i].text);
	}
}

static void
text_is_cut_between_signs(void **state)
{
	char text[] = "aä█b";

	(void)state;
	table_cut(text, 9);
	assert_string_equal(text, "aä█b");
	table_cut(text, 3);
	assert_string_equal(text, "aä█");
	table_cut(text, 2);
	assert_string_equal(text, "aä");
	table_cut(text, 0);
	assert_string_equal(text, "");
}

static const char stalled[] =
	"{\"name\": \"n1\", \"state\": \"stalled\", \"phase\": \"storage\", \"phase_state\":"
	" \"stall\","
	" \"text\": \"disk vda holds data that is not ours\", \"phase_since_ms\": 31000,"
	" \"arch\": \"amd64\","
	" \"platform\": \"efi\", \"ip\": \"10.9.0.100\", \"macs\": [\"52:54:00:00:00:01\"],"
	" \"uuid\": \"\","
	" \"serial\": \"S1\", \"product\": \"X9\", \"plan_reason\": \"image edge@2, the newest\","
	" \"tried\": \"edge@2\", \"last_good\": \"edge@1\", \"code\": null, \"facts\": {\"cpu\":"
	" {\"model\": \"QEMU\", \"cores\": 2}, \"memory\": 2147483648, \"disks\": [{\"name\":"
	" \"vda\","
	" \"size\": 20000000000, \"use\": \"unknown\"}]},"
	" \"boots\": [{\"id\": 2, \"begin_ms\": 1000, \"end_ms\": 0, \"outcome\": \"open\","
	"  \"image\": \"edge@2\", \"events\": ["
	"   {\"phase\": \"dhcp\", \"state\": \"done\", \"at_ms\": 1000, \"text\": \"firmware"
	" has 10.9.0.100\"},"
	"   {\"phase\": \"tftp\", \"state\": \"done\", \"at_ms\": 2000, \"text\": \"snponly.efi\"},"
	"   {\"phase\": \"tftp\", \"state\": \"done\", \"at_ms\": 2500, \"text\":"
	" \"autoexec.ipxe\"},"
	"   {\"phase\": \"ipxe\", \"state\": \"begin\", \"at_ms\": 3000, \"text\": \"\"},"
	"   {\"phase\": \"ipxe\", \"state\": \"done\", \"at_ms\": 3500, \"text\": \"\"},"
	"   {\"phase\": \"script\", \"state\": \"done\", \"at_ms\": 3500, \"text\": \"image"
	" edge@2, the newest\"},"
	"   {\"phase\": \"storage\", \"state\": \"stall\", \"at_ms\": 31000,"
	"    \"text\": \"disk vda holds data that is not ours\"}]},"
	"  {\"id\": 1, \"begin_ms\": 500, \"end_ms\": 40900, \"outcome\": \"healthy\","
	" \"image\": \"edge@1\","
	"   \"events\": []}]}";

/* A clock is named when it is surely off by 2 s: not for what the way there and back may hide. */
static void
clock_that_is_wrong_is_named(void **state)
{
	static const struct {
		const char *machine, *text;
	} rows[] = {
		{ "{\"clock\": null}", "" },
		{ "{\"clock\": {\"offset_ms\": 1999, \"within_ms\": 0}}", "" },
		{ "{\"clock\": {\"offset_ms\": 2500, \"within_ms\": 501}}", "" },
		{ "{\"clock\": {\"offset_ms\": 2500, \"within_ms\": 500}}", "2 s ahead" },
		{ "{\"clock\": {\"offset_ms\": -600123, \"within_ms\": 9}}", "600 s behind" },
	};
	char got[40];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *machine = parsed(rows[i].machine);

		assert_int_equal(table_clock(got, machine), rows[i].text[0] != '\0');
		assert_string_equal(got, rows[i].text);
		json_decref(machine);
	}
}

static void
clock_and_trial_are_shown(void **state)
{
	static const char machine[] =
		"{\"name\": \"n1\", \"state\": \"healthy\", \"image\": \"edge@2\","
		" \"clock\": {\"offset_ms\": -600123, \"within_ms\": 9},"
		" \"trial\": {\"image\": \"edge@2\", \"spent_ms\": 12000, \"limit_ms\":"
		" 1800000, \"over\": false}}";
	char *list = str_format("[%s]", machine);
	struct table_look look = { .now_ms = 1000 };

	(void)state;
	expect_machine(machine, "n1: healthy\n"
		       "  clock     600.123 s behind, within 0.009 s: IT IS WRONG\n"
		       "  trial     edge@2, 12 s of 30 m 00 s\n");
	expect_list(list, &look,
		    "NAME  STATE    PHASE    PROGRESS        TIME    IMAGE   ADDRESS\n"
		    "n1    healthy                                   edge@2           its clock is"
		    " 600 s behind\n");
	free(list);
}

static const char ordered[] =
	"{\"name\": \"n1\", \"state\": \"healthy\", \"phase\": \"healthy\","
	" \"orders\": [{\"kind\": \"identify\", \"state\": \"taken\"},"
	"   {\"kind\": \"reboot\", \"state\": \"done\"}],"
	" \"boots\": [{\"id\": 2, \"begin_ms\": 1000, \"end_ms\": 21000,"
	"   \"outcome\": \"healthy\", \"image\": \"edge@2\", \"events\": ["
	"   {\"at_ms\": 21000, \"phase\": \"healthy\", \"state\": \"done\", \"text\": \"good\"},"
	"   {\"at_ms\": 31000, \"phase\": \"healthy\", \"state\": \"note\","
	"    \"text\": \"order identify: its agent has it\"}]}]}";

static void
orders_stand_beside_the_phases(void **state)
{
	(void)state;
	expect_machine(ordered,
		       "n1: healthy\n"
		       "  order     identify: its agent has it\n"
		       "\n"
		       "boot 2, 1970-01-01 00:00:01, edge@2: healthy after 20 s\n"
		       "  PHASE            AT       TOOK\n"
		       "  healthy        20 s      0.0 s   good\n"
		       "  note           30 s              order identify: its agent has it\n");
}

static void
machine_that_stands_still_is_shown_with_advice(void **state)
{
	(void)state;
	expect_machine(stalled,
		"n1: stalled\n"
		"  address   10.9.0.100, 52:54:00:00:00:01\n"
		"  board     X9, serial S1\n"
		"  firmware  amd64, efi\n"
		"  hardware  QEMU, 2 cores, 2.0 GiB of memory\n"
		"  disks     vda, 20.0 GB, unknown\n"
		"  plan      image edge@2, the newest\n"
		"  image     tried edge@2, last good edge@1\n"
		"\n"
		"boot 2, 1970-01-01 00:00:01, edge@2\n"
		"  PHASE            AT       TOOK\n"
		"  dhcp          0.0 s      1.0 s   firmware has 10.9.0.100\n"
		"  tftp          1.0 s      1.0 s   snponly.efi, autoexec.ipxe\n"
		"  ipxe          2.0 s      0.5 s\n"
		"  script        2.5 s       27 s   image edge@2, the newest\n"
		"  storage        30 s       30 s   stall: disk vda holds data that is not ours\n"
		"\n"
		"stands still in phase storage for 30 s: disk vda holds data that is not ours\n"
		"what to do: see which disk is named; only a blank disk, or one that is this"
		" machine's,"
		" is ever written\n"
		"\n"
		"boot 1, 1970-01-01 00:00:00, edge@1: healthy after 40 s\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_in_plain_signs),
		cmocka_unit_test(table_with_blocks_fits_the_terminal),
		cmocka_unit_test(narrow_terminal_gets_fewer_columns),
		cmocka_unit_test(colour_is_around_state_and_bar_alone),
		cmocka_unit_test(nodes_have_their_columns),
		cmocka_unit_test(cluster_is_told_when_it_ails),
		cmocka_unit_test(no_machines_is_said),
		cmocka_unit_test(times_read_well),
		cmocka_unit_test(text_is_cut_between_signs),
		cmocka_unit_test(machine_that_stands_still_is_shown_with_advice),
		cmocka_unit_test(orders_stand_beside_the_phases),
		cmocka_unit_test(clock_that_is_wrong_is_named),
		cmocka_unit_test(clock_and_trial_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
