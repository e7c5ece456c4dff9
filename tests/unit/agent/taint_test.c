/* A node's taints follow the site file, and what others gave stays. */
#include "cmocka_all.h"

#include <sys/stat.h>

#include "cloud-init/agent/apply.h"
#include "cloud-init/agent/taint.h"
#include "lib/json.h"
#include "lib/str.h"
#include "tree.h"

static void
words(void **state)
{
	static const struct {
		const char *present, *noted, *wanted, *words;
	} rows[] = {
		{ "", NULL, "", "[]" },
		{ "", NULL, "a=b:NoSchedule,c:NoExecute",
		  "[\"a=b:NoSchedule\",\"c:NoExecute\"]" },
		{ "{\"key\":\"a\",\"value\":\"b\",\"effect\":\"NoSchedule\"}",
		  "a=b:NoSchedule", "a=b:NoSchedule", "[]" },
		/* another value, and one that is not wanted any more */
		{ "{\"key\":\"a\",\"value\":\"b\",\"effect\":\"NoSchedule\"},"
		  "{\"key\":\"c\",\"effect\":\"NoExecute\"}", "a=b:NoSchedule,c:NoExecute",
		  "a=x:NoSchedule", "[\"a=x:NoSchedule\",\"c:NoExecute-\"]" },
		/* the same key with two effects are two */
		{ "{\"key\":\"a\",\"effect\":\"NoSchedule\"}", "a:NoSchedule", "a:NoExecute",
		  "[\"a:NoExecute\",\"a:NoSchedule-\"]" },
		/* others' are left alone; what is gone already is not taken away again */
		{ "{\"key\":\"node.kubernetes.io/unreachable\",\"effect\":\"NoExecute\"}",
		  "a=b:NoSchedule", "", "[]" },
		{ "{\"key\":\"mine\",\"effect\":\"NoSchedule\"}", NULL, "", "[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = str_format("{\"metadata\":{},\"spec\":{\"taints\":[%s]}}",
					rows[i].present);
		json_t *node = json_loads(text, 0, NULL), *found;
		char *got;

		if (rows[i].noted)
			json_object_set_new(json_object_get(node, "metadata"), "annotations",
					    json_pack("{s:s}", TAINT_NOTE, rows[i].noted));
		found = taint_words(node, rows[i].wanted);
		got = json_text(found, NULL);
		assert_string_equal(got, rows[i].words);
		free(got);
		json_decref(found);
		json_decref(node);
		free(text);
	}
}

/* The first answer is an API server's that is not well. */
static void
told_to_kubectl(void **state)
{
	json_t *wanted = json_pack("{s:s, s:s}", "n1", "", "n2", "c:NoExecute");
	char *log, path[WHERE_MAX];

	(void)state;
	tree_file("/bin/kubectl", "#!/bin/sh\nd=${0%/bin/kubectl}; shift\n"
		  "echo \"$*\" >>\"$d/log\"\n"
		  "[ -e \"$d/first\" ] || { : >\"$d/first\"; echo 'Error from server"
		  " (InternalError): an error on the server (\"\") has prevented'; exit 1; }\n"
		  "case \"$*\" in *get*n1*) echo '{\"metadata\": {\"annotations\":"
		  " {\"bootserver.dev/taints\": \"a=b:NoSchedule\"}}, \"spec\": {\"taints\": ["
		  "{\"key\": \"a\", \"value\": \"b\", \"effect\": \"NoSchedule\"}]}}' ;;\n"
		  "*get*) echo '{}' ;; esac\n");
	assert_int_equal(chmod(where(path, "/bin/kubectl"), 0755), 0);
	where(path, "/bin:%s", getenv("PATH"));
	assert_int_equal(setenv("PATH", path, 1), 0);
	taint_all(wanted);
	log = where_text("/log");
	assert_string_equal(log, "get node n1 -o json\nget node n1 -o json\n"
				 "taint node n1 --overwrite a:NoSchedule-\n"
				 "annotate node n1 --overwrite bootserver.dev/taints=\n"
				 "get node n2 -o json\n"
				 "taint node n2 --overwrite c:NoExecute\n"
				 "annotate node n2 --overwrite bootserver.dev/taints=c:NoExecute");
	free(log);
	json_decref(wanted);
}

/* kubectl's warnings and its answer come by the same way. */
static void
answers(void **state)
{
	struct err err;
	json_t *o = NULL;

	(void)state;
	assert_int_equal(apply_parse(&o, "E1128 memcache.go:287] couldn't get {x}\n"
				     "{\n \"a\": 1\n}\n", &err), 0);
	assert_int_equal(json_num(o, "a", 0), 1);
	json_decref(o);
	assert_int_not_equal(apply_parse(&o, "no answer", &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test_setup_teardown(told_to_kubectl, tree_init, tree_fini),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
