/* The acts of a step, and the job of one: what is said while it runs, ends well, or fails. */
#include "cmocka_all.h"

#include <errno.h>
#include <poll.h>

#include "cloud-init/agent/cluster.h"
#include "cloud-init/agent/kubeadm.h"
#include "lib/json.h"
#include "lib/str.h"

static struct agent agent;

static int
setup(void **state)
{
	(void)state;
	agent = (struct agent){ .input.name = "n1" };
	queue_init(&agent.queue);
	steps_init(&agent.steps, PHASE_JOIN, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	job_drop(&agent.cluster.job);
	queue_fini(&agent.queue);
	return 0;
}

static const char *script;	/* what the job's shell does */

static int
start(struct agent *a, struct err *err)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	return job_start(&a->cluster.job, argv, 10000, err);
}

/* Until it is no longer at work. */
static enum step_word
finish(const struct cluster_work *work, char text[AGENT_TEXT])
{
	struct pollfd p = { .events = POLLIN };
	enum step_word word;

	while ((word = cluster_work(&agent, work, text)) == STEP_BUSY || word == STEP_WAIT) {
		p.fd = agent.cluster.job.fd;
		poll(&p, 1, 5);
	}
	return word;
}

static void
a_job_that_ends_well(void **state)
{
	static const struct cluster_work work = {
		.what = "kubeadm", .start = start, .take = kubeadm_phase,
	};
	char text[AGENT_TEXT] = "";

	(void)state;
	script = "echo '[certs] Generating'; echo other words";
	assert_int_equal(finish(&work, text), STEP_DONE);
	assert_string_equal(json_str(json_array_get(agent.queue.events, 0), "text", ""),
			    "kubeadm");
	assert_string_equal(agent.cluster.said, "certs");
	assert_false(job_is(&agent.cluster.job));
}

static void
a_job_that_fails(void **state)
{
	static const struct cluster_work work = {
		.what = "kubeadm", .start = start, .reason = kubeadm_reason,
	};
	char text[AGENT_TEXT] = "";

	(void)state;
	script = "echo '\t[ERROR Mem]: too little'; echo 'error: preflight'; exit 1";
	assert_int_equal(finish(&work, text), STEP_FAIL);
	assert_string_equal(text, "kubeadm: [ERROR Mem]: too little");
	assert_false(job_is(&agent.cluster.job));
	assert_true(agent.step_at_ms > 0);
}

/* What others end is no failure, and the whole step is done again when they may have. */
static void
a_job_that_awaits(void **state)
{
	static const struct cluster_work work = {
		.what = "kubeadm", .start = start, .reason = kubeadm_reason,
		.awaits = kubeadm_awaits,
	};
	char text[AGENT_TEXT] = "";

	(void)state;
	script = "echo 'error execution phase kubelet-start: a Node with name \"n2\" and status"
		 " \"Ready\" already exists in the cluster. You must delete it'; exit 1";
	agent.cluster.act = 3;
	while (agent.cluster.act > 0)
		assert_int_not_equal(cluster_work(&agent, &work, text), STEP_FAIL);
	assert_non_null(strstr(text, "waits until it has noticed"));
	assert_true(agent.outside);
	assert_true(agent.step_at_ms > 0);
	assert_false(job_is(&agent.cluster.job));
	assert_int_equal(agent.tries, 0);
}

static unsigned int done, failures;

static enum step_word
act_done(struct agent *a, char text[AGENT_TEXT])
{
	(void)a, (void)text;
	done++;
	return STEP_DONE;
}

static enum step_word
act_fails_once(struct agent *a, char text[AGENT_TEXT])
{
	(void)a;
	str_copy(text, AGENT_TEXT, "no luck");
	return failures++ ? STEP_DONE : STEP_FAIL;
}

static enum step_word
act_none(struct agent *a, char text[AGENT_TEXT])
{
	(void)text;
	a->cluster.none = true;
	return STEP_DONE;
}

static void
acts(void **state)
{
	static const cluster_act two[] = { act_done, act_fails_once, NULL };
	static const cluster_act none[] = { act_none, act_done, NULL };
	char text[AGENT_TEXT] = "";

	(void)state;
	assert_int_equal(cluster_acts(&agent, two, text), STEP_FAIL);
	assert_string_equal(text, "no luck");
	assert_int_equal(cluster_acts(&agent, two, text), STEP_DONE);
	assert_int_equal(done, 2);	/* after a failure from the first one on */
	assert_int_equal(agent.cluster.act, 0);
	assert_int_equal(cluster_acts(&agent, none, text), STEP_DONE);
	assert_int_equal(done, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_job_that_ends_well, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_that_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_that_awaits, setup, teardown),
		cmocka_unit_test_setup_teardown(acts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
