/* What the control plane reports: kept, shown, told to the timelines; Rook's secrets with it. */
#include "tests/unit/engine/member.c"

#include "engine/report.h"

/* n1 has made the cluster, n2 has joined; both are at their roles. */
static void
cluster_of_two(struct bench *b, struct member *n1, struct member *n2)
{
	begin(b, cluster_site);
	boot_member(b, n1, 1, 200);
	boot_member(b, n2, 2, 200);
	expects(b, n1, json_object(), "go", "init");
	expects(b, n1, done("init"), "go", "init");
	expects(b, n2, json_object(), "go", "join");
	expects(b, n2, done("join"), "go", "join");
	bench_event(b, &n1->agent, 1, "roles", "begin");
}

static json_t *
report(const char *text)
{
	json_t *inside = json_loads(text, 0, NULL);

	assert_non_null(inside);
	return json_pack("{s:o}", "report", inside);
}

#define BOTH                                                                                       \
	"{\"nodes\": [{\"name\": \"n1\", \"ready\": true, \"version\": \"v1.36.4\"},"              \
	" {\"name\": \"n2\", \"ready\": true, \"version\": \"v1.36.4\"}],"                         \
	" \"services\": [{\"name\": \"web\", \"namespace\": \"default\","                          \
	" \"address\": \"10.9.0.200\", \"nodes\": [\"n2\"]}],"                                     \
	" \"pools\": [{\"name\": \"a\", \"free\": 0}],"                                            \
	" \"ceph\": {\"health\": \"HEALTH_OK\", \"osds_up\": 1, \"osds_in\": 1,"                   \
	" \"osds\": [{\"id\": 130, \"node\": \"n2\", \"up\": true}]}}"

/* Is there an event of the machine's newest boot whose text is this? */
static bool
was_told(struct bench *b, const char *machine, const char *text)
{
	char path[64];
	json_t *answer, *events;
	bool told = false;

	snprintf(path, sizeof(path), "/v1/machines/%s", machine);
	answer = bench_route(b, "GET", path, NULL, 200);
	events = json_object_get(json_array_get(json_object_get(answer, "boots"), 0), "events");
	for (size_t i = 0; i < json_array_size(events); i++)
		told |= strcmp(json_str(json_array_get(events, i), "text", ""), text) == 0;
	json_decref(answer);
	return told;
}

static void
tick(struct bench *b)
{
	struct err err;

	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &err), 0);
}

static void
shown_and_told(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	json_t *answer;
	struct buf metrics;

	cluster_of_two(b, &n1, &n2);
	expects(b, &n2, report(BOTH), "go", "join");
	assert_null(b->e->cluster->report);	/* a worker's word is none */
	expects(b, &n1, report(BOTH), "go", "init");
	assert_true(was_told(b, "n1", "the node is Ready (v1.36.4)"));
	assert_false(was_told(b, "n2", "the node is Ready (v1.36.4)"));	/* not at its roles yet */
	bench_event(b, &n2.agent, 1, "roles", "begin");
	tick(b);
	tick(b);
	assert_true(was_told(b, "n2", "the node is Ready (v1.36.4)"));
	assert_true(was_told(b, "n2", "announces 10.9.0.200 (default/web)"));
	assert_true(was_told(b, "n2", "OSD 130 is up"));
	assert_int_equal(bench_count(b, "n2", "roles", "done"), 3);
	answer = bench_route(b, "GET", "/v1/machines/n2", NULL, 200);
	assert_string_equal(json_str(json_object_get(answer, "node"), "state", ""), "Ready");
	assert_string_equal(json_string_value(json_array_get(json_object_get(answer, "lb"), 0)),
			    "10.9.0.200");
	assert_int_equal(json_num(json_object_get(answer, "storage"), "up", 0), 1);
	json_decref(answer);
	answer = bench_route(b, "GET", "/v1/machines/n3", NULL, 200);
	assert_string_equal(json_str(json_object_get(answer, "node"), "state", ""), "none");
	json_decref(answer);
	buf_init(&metrics);
	metrics_format(b->e, &metrics);
	assert_non_null(strstr(metrics.text, "bootserver_node_ready{node=\"n2\"} 1\n"));
	assert_non_null(strstr(metrics.text, "bootserver_pool_free{pool=\"a\"} 0\n"));
	buf_fini(&metrics);
	expects(b, &n1, report("{\"nodes\": [{\"name\": \"n2\", \"ready\": false}], \"ceph\":"
			       " {\"osds\": [{\"id\": 130, \"node\": \"n2\", \"up\": false}]}}"),
		"go", "init");
	assert_true(was_told(b, "n2", "the node is not Ready any more, says n1"));
	assert_true(was_told(b, "n2", "OSD 130 is down, says n1"));
	member_fini(&n1);
	member_fini(&n2);
}

/* A disk that fails while an OSD is made of it is told where the disk is, and once. */
static void
failure_told(void **state)
{
	static const char text[] = "{\"nodes\": [], \"ceph\": {\"failed\": [{\"node\": \"n2\","
				   " \"text\": \"failed to write /dev/vdb\"}]}}";
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;

	cluster_of_two(b, &n1, &n2);
	bench_event(b, &n2.agent, 1, "roles", "begin");
	expects(b, &n1, report(text), "go", "init");
	assert_true(was_told(b, "n2", "Rook cannot make OSDs of its disks: failed to write"
			     " /dev/vdb"));
	tick(b);
	assert_int_equal(bench_count(b, "n2", "roles", "note"), 1);
	assert_int_equal(bench_count(b, "n1", "roles", "note"), 0);
	expects(b, &n1, report("{\"nodes\": []}"), "go", "init");
	assert_true(was_told(b, "n2", "Rook has prepared its disks"));
	member_fini(&n1);
	member_fini(&n2);
}

static void
storage_is(struct bench *b, int osds, int disks)
{
	json_t *answer = bench_route(b, "GET", "/v1/machines/n2", NULL, 200);
	const json_t *storage = json_object_get(answer, "storage");

	assert_int_equal(json_num(storage, "osds", -1), osds);
	assert_int_equal(json_num(storage, "disks", -1), disks);
	json_decref(answer);
}

/* Disks that Rook was given are counted beside its OSDs: it does not say of which it made none. */
static void
disks_counted(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	char *site = str_format("%sstorage: {}\n", cluster_site);
	json_t *said = json_loads("{\"mac\": \"52:54:00:00:00:02\", \"state\": \"kept\","
				  " \"facts\": {\"disks\": ["
				  "{\"name\": \"vda\", \"use\": \"system\", \"path\":"
				  " \"/dev/disk/by-id/virtio-S0\"},"
				  "{\"name\": \"vdb\", \"use\": \"ours\", \"size\": 6442450944,"
				  " \"path\": \"/dev/disk/by-id/virtio-S1\"},"
				  "{\"name\": \"vdc\", \"use\": \"blank\", \"size\": 6442450944,"
				  " \"path\": \"/dev/disk/by-id/virtio-S2\"},"
				  "{\"name\": \"vdd\", \"use\": \"ours\"}]}}", 0, NULL);

	cluster_of_two(b, &n1, &n2);
	json_decref(bench_agent_ask(b, &n2.agent, "enrol", said, 200));
	expects(b, &n1, report(BOTH), "go", "init");
	storage_is(b, 1, 0);	/* the site gives Rook nothing */
	bench_site_file(b, "reload", site);
	storage_is(b, 1, 2);
	expects(b, &n1, report("{\"nodes\": [], \"ceph\": {\"health\": \"HEALTH_OK\"}}"), "go",
		"init");
	storage_is(b, 0, 2);
	free(site);
	member_fini(&n1);
	member_fini(&n2);
}

/* Kept over a restart, and what was told is not told again. */
static void
kept(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	int before;

	cluster_of_two(b, &n1, &n2);
	expects(b, &n1, report(BOTH), "go", "init");
	bench_event(b, &n2.agent, 1, "roles", "begin");
	tick(b);
	before = bench_count(b, "n2", "roles", "done");
	bench_stop(b);
	bench_start(b, cluster_site);
	tick(b);
	assert_int_equal(bench_count(b, "n2", "roles", "done"), before);
	assert_string_equal(b->e->cluster->report_by, "n1");
	member_fini(&n1);
	member_fini(&n2);
}

/* A machine that the site file drops keeps its node, which is shown as stale. */
static void
dropped(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	char *site = str_dup(cluster_site);
	json_t *answer, *node;

	cluster_of_two(b, &n1, &n2);
	memcpy(strstr(site, "name: n2"), "name: nx", 8);
	bench_site_file(b, "reload", site);
	answer = bench_route(b, "GET", "/v1/cluster", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(answer, "nodes")), 2);
	node = json_array_get(json_object_get(answer, "nodes"), 1);
	assert_string_equal(json_str(node, "name", ""), "n2");
	assert_true(json_flag(node, "stale", false));
	assert_false(json_flag(json_array_get(json_object_get(answer, "nodes"), 0), "stale",
			       true));
	json_decref(answer);
	/* under its new name it is a new node, though it keeps the old one's files */
	answer = expect(b, &n2,
			json_pack("{s:{s:s, s:b, s:s}}", "have", "cluster", b->e->cluster->id,
				  "node", 1, "name", "n2"), "go", "join");
	assert_string_equal(json_str(answer, "node", ""), "nx");
	assert_null(cluster_node(b->e->cluster, "nx"));
	json_decref(answer);
	free(site);
	member_fini(&n1);
	member_fini(&n2);
}

/* Seals Rook's secrets of a Ceph with this fsid to the engine, in a report. */
static json_t *
rook_report(struct bench *b, const char *fsid)
{
	json_t *rook = json_pack("{s:{s:{s:s}}, s:{s:{s:s}}}", "rook-ceph-mon", "data", "fsid",
				 fsid, "rook-ceph-mon-endpoints", "data", "data", "a=1");
	json_t *inside = json_object();
	unsigned char *der;
	struct err err;
	size_t len;
	char *text = json_text(rook, &len);

	assert_int_equal(cms_seal(b->e->cert, (struct cms_bytes){ text, len }, &der, &len, &err),
			 0);
	json_put_bytes(inside, "sealed", der, len);
	free(der);
	free(text);
	json_decref(rook);
	return json_pack("{s:o}", "report", inside);
}

static const char *
saved_fsid(struct bench *b)
{
	return json_str(json_object_get(json_object_get(b->e->cluster->rook, "rook-ceph-mon"),
					"data"), "fsid", "");
}

/* They outlive the engine's run and its certificate, and are not given up for those of a new Ceph
 * while a new control plane is to find the old one. */
static void
rook_kept(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;

	cluster_of_two(b, &n1, &n2);
	expects(b, &n1, rook_report(b, "one"), "go", "init");
	assert_string_equal(saved_fsid(b), "one");
	bench_stop(b);
	unlink("pki/engine.crt");
	assert_int_equal(bench_pki(), 1);
	bench_start(b, cluster_site);
	assert_string_equal(saved_fsid(b), "one");
	assert_false(b->e->cluster->restoring);
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, have(b, false, false), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	assert_true(b->e->cluster->restoring);
	expects(b, &n1, rook_report(b, "two"), "go", "init");
	assert_string_equal(saved_fsid(b), "one");
	assert_true(b->e->cluster->restoring);
	expects(b, &n1, rook_report(b, "one"), "go", "init");
	assert_false(b->e->cluster->restoring);
	expects(b, &n1, rook_report(b, "two"), "go", "init");
	assert_string_equal(saved_fsid(b), "two");
	member_fini(&n1);
	member_fini(&n2);
}

/* What `member` of site.json says to a new boot of n2. */
static void
site_json_says(struct bench *b, const char *member, const char *value)
{
	char nonce[BOOT_NONCE];
	json_t *answer, *site = NULL;
	struct err err;
	const char *body;

	bench_nonce(b, "52:54:00:00:00:02", "10.9.0.102", "image", nonce);
	answer = bench_ask(b, json_pack("{s:s, s:s, s:s}", "type", "site-json", "nonce", nonce,
					"ip", "10.9.0.102"));
	body = json_str(answer, "body", "");
	assert_int_equal(json_parse(&site, body, strlen(body), &err), 0);
	assert_string_equal(json_str(site, member, ""), value);
	json_decref(site);
	json_decref(answer);
}

#define FSID "9c3e3a58-7d0f-4e0c-8a39-0b7f5d9f1c11"
#define FSID64 "OWMzZTNhNTgtN2QwZi00ZTBjLThhMzktMGI3ZjVkOWYxYzEx"

static void
disk_is(struct bench *b, int number, const char *use)
{
	json_t *answer = bench_route(b, "GET", "/v1/machines/n2", NULL, 200);
	const json_t *disks = json_object_get(json_object_get(answer, "facts"), "disks");

	assert_string_equal(json_str(json_array_get(disks, (size_t)number), "use", ""), use);
	json_decref(answer);
}

/* Machines hear the name of the site's Ceph; disks told as another's before it was known are ours
 * from then on, and those of a really foreign one are not. */
static void
fsid_told(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	json_t *said = json_loads("{\"mac\": \"52:54:00:00:00:02\", \"state\": \"kept\","
				  " \"facts\": {\"disks\": ["
				  "{\"name\": \"vdb\", \"use\": \"foreign\", \"fsid\": \"" FSID
				  "\", \"osd\": \"3\"},"
				  "{\"name\": \"vdc\", \"use\": \"foreign\", \"fsid\":"
				  " \"00000000-7d0f-4e0c-8a39-0b7f5d9f1c11\"}]}}", 0, NULL);

	cluster_of_two(b, &n1, &n2);
	json_decref(bench_agent_ask(b, &n2.agent, "enrol", json_incref(said), 200));
	expects(b, &n1, rook_report(b, "bm8gdXVpZA=="), "go", "init");
	site_json_says(b, "ceph-fsid", "");
	disk_is(b, 0, "foreign");
	expects(b, &n1, rook_report(b, FSID64), "go", "init");
	site_json_says(b, "ceph-fsid", FSID);
	disk_is(b, 0, "ours");
	disk_is(b, 1, "foreign");
	bench_stop(b);
	bench_start(b, cluster_site);
	site_json_says(b, "ceph-fsid", FSID);
	disk_is(b, 0, "ours");
	json_decref(bench_agent_ask(b, &n2.agent, "enrol", said, 200));
	disk_is(b, 0, "ours");
	disk_is(b, 1, "foreign");
	member_fini(&n1);
	member_fini(&n2);
}

/* A disk is wiped by its serial number and the code for it, once; the system disk never. */
static void
wiped(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } };
	char sent[80];
	json_t *answer, *order;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	answer = json_loads("{\"mac\": \"52:54:00:00:00:01\", \"state\": \"kept\", \"facts\":"
			    " {\"disks\": [{\"name\": \"vda\", \"serial\": \"S0\", \"use\":"
			    " \"system\"}, {\"name\": \"vdb\", \"serial\": \"S1\", \"use\":"
			    " \"foreign\"}, {\"name\": \"vdc\", \"serial\": \"S2\"},"
			    " {\"name\": \"vdd\", \"serial\": \"S2\"}]}}", 0, NULL);
	json_decref(bench_agent_ask(b, &n1.agent, "enrol", answer, 200));
	json_decref(bench_route(b, "POST", "/v1/machines/n1/wipe", NULL, 422));
	json_decref(bench_route(b, "POST", "/v1/machines/n1/wipe", "{\"serial\": \"S0\"}", 409));
	json_decref(bench_route(b, "POST", "/v1/machines/n1/wipe", "{\"serial\": \"S2\"}", 409));
	json_decref(bench_route(b, "POST", "/v1/machines/n1/wipe",
				"{\"serial\": \"S1\", \"confirm\": \"\"}", 409));
	answer = bench_route(b, "POST", "/v1/machines/n1/wipe", "{\"serial\": \"S1\"}", 200);
	snprintf(sent, sizeof(sent), "{\"serial\": \"S1\", \"confirm\": \"%.9s\"}",
		 json_str(answer, "code", ""));
	json_decref(answer);
	clock_fake_ms += 600000;
	json_decref(bench_route(b, "POST", "/v1/machines/n1/wipe", sent, 409));
	clock_fake_ms -= 1;
	json_decref(bench_route(b, "POST", "/v1/machines/n1/wipe", sent, 202));
	json_decref(bench_route(b, "POST", "/v1/machines/n1/wipe", sent, 409));
	answer = bench_agent_ask(b, &n1.agent, "poll", json_object(), 200);
	order = json_array_get(json_object_get(answer, "orders"), 0);
	assert_string_equal(json_str(order, "kind", ""), "wipe");
	assert_string_equal(json_str(order, "serial", ""), "S1");
	assert_int_equal(json_array_size(json_object_get(answer, "orders")), 1);
	json_decref(answer);
	member_fini(&n1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shown_and_told), TEST(failure_told), TEST(disks_counted), TEST(kept),
		TEST(dropped), TEST(rook_kept), TEST(fsid_told), TEST(wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
