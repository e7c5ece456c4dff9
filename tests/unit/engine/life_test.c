/* A control plane that has lost its disks makes the cluster anew: its nodes join the next life. */
#include "tests/unit/engine/member.c"

static struct machine *
machine(struct bench *b, const char *name)
{
	return index_find(&b->e->names, name);
}

/* A node that is kept, of the cluster of that name. */
static json_t *
have_named(const char *cluster, bool etcd)
{
	return json_pack("{s:{s:s, s:b, s:b}}", "have", "cluster", cluster, "node", true, "etcd",
			 etcd);
}

/* It is told to go, into the cluster of that name. */
static void
goes_to(struct bench *b, struct member *member, json_t *said, const char *cluster)
{
	json_t *answer = ask_cluster(b, member, said, 200);

	assert_string_equal(json_str(answer, "status", ""), "go");
	assert_string_equal(json_str(answer, "cluster", ""), cluster);
	json_decref(answer);
}

static bool
is_node(struct bench *b, const char *name)
{
	return cluster_node(b->e->cluster, name)->joined_ms > 0;
}

/* A cluster that is made anew has another name: nodes of its former life know by it that nothing of
 * them is in the new etcd. */
static void
made_anew(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	char first[CLUSTER_NAME], second[CLUSTER_NAME], digest[SHA256_TEXT];

	begin(b, cluster_site);
	cluster_name(b->e->cluster, 0, first);
	cluster_name(b->e->cluster, 1, second);
	boot_member(b, &n1, 1, 200);
	boot_member(b, &n2, 2, 200);
	goes_to(b, &n1, json_object(), first);
	goes_to(b, &n1, done("init"), first);
	goes_to(b, &n2, done("join"), first);
	/* the only control plane is blank: workers live on until it has made the cluster anew */
	goes_to(b, &n1, have(b, false, false), second);
	goes_to(b, &n2, have_named(first, false), first);
	str_copy(digest, sizeof(digest), cluster_digest(b->e, machine(b, "n2")));
	goes_to(b, &n1, done("init"), second);
	assert_string_not_equal(cluster_digest(b->e, machine(b, "n2")), digest);
	assert_false(is_node(b, "n2"));
	goes_to(b, &n2, have_named(first, false), second);
	assert_false(is_node(b, "n2"));
	goes_to(b, &n2, done("join"), second);
	assert_true(is_node(b, "n2"));
	member_fini(&n1);
	member_fini(&n2);
}

/* The database keeps which life the cluster is in; one that has forgotten it learns it again of the
 * control plane, and of nobody else. */
static void
life_is_kept(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	char name[CLUSTER_NAME];

	begin(b, cluster_site);
	cluster_name(b->e->cluster, 1, name);
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	expects(b, &n1, have(b, false, false), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	bench_stop(b);
	bench_start(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	goes_to(b, &n1, have_named(name, true), name);
	assert_int_equal(b->e->cluster->life, 1);
	bench_stop(b);
	unlink("state/bootserver.db");
	unlink("state/bootserver.db-wal");
	bench_start(b, cluster_site);
	boot_member(b, &n2, 2, 200);
	expects(b, &n2, have_named(name, false), "wait", "");
	assert_int_equal(b->e->cluster->life, 0);
	boot_member(b, &n1, 1, 200);
	goes_to(b, &n1, have_named(name, true), name);
	assert_int_equal(b->e->cluster->life, 1);
	goes_to(b, &n2, have_named(name, false), name);
	assert_true(is_node(b, "n2"));
	goes_to(b, &n2, have_named("another", false), name);
	assert_false(is_node(b, "n2"));
	member_fini(&n1);
	member_fini(&n2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(made_anew), TEST(life_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
