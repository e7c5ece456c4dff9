/* A storage node that is ordered to leave is set aside, whatever kubectl warns of. */
#include "cmocka_all.h"

#include <sys/stat.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/aside.h"
#include "lib/str.h"
#include "tree.h"

static void
set_aside(void **state)
{
	struct agent agent = { .input = { .name = "n1" } };
	char *log, path[WHERE_MAX];

	(void)state;
	tree_file("/bin/kubectl", "#!/bin/sh\nd=${0%/bin/kubectl}; shift 2\n"
		  "echo \"$*\" >>\"$d/log\"\n"
		  "case \"$1\" in get) echo 'Warning: v1 Endpoints is deprecated';"
		  " echo '{\"metadata\": {}, \"spec\": {}}' ;; esac\n");
	assert_int_equal(chmod(where(path, "/bin/kubectl"), 0755), 0);
	where(path, "/bin:%s", getenv("PATH"));
	assert_int_equal(setenv("PATH", path, 1), 0);
	agent.cluster.answer = json_pack("{s:[s]}", "roles", "storage");
	aside_set(&agent);
	log = where_text("/log");
	assert_true(str_starts(log, "get node n1 -o json\npatch node n1 --type=merge -p "));
	assert_non_null(strstr(log, "\"unschedulable\":true"));
	free(log);
	json_decref(agent.cluster.answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(set_aside, tree_init, tree_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
