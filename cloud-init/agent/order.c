/* Orders of the server: the ways to leave. */
#include <errno.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/child.h"
#include "cloud-init/agent/say.h"
#include "cloud-init/agent/where.h"
#include "lib/log.h"
#include "lib/str.h"

#define CHILD_MS 60000

static const struct {
	const char *kind;
	int how;	/* reboot(2) */
} kinds[] = {
	{ "reboot", RB_AUTOBOOT },
	{ "poweroff", RB_POWER_OFF },
};

/* Without systemd nobody else holds a file open. */
static void
leave(const struct agent *agent)
{
	sync();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_eq(kinds[i].kind, agent->order) && reboot(kinds[i].how) < 0)
			log_error("machine=%s %s: %s", agent->input.name, agent->order,
				  strerror(errno));
}

void
order_do(struct agent *agent)
{
	const char *argv[] = { "systemctl", agent->order, NULL };
	struct err err;

	if (!agent->order[0])
		return;
	say("order", "%s, as the boot server asks", agent->order);
	progress_save(agent);
	if (where_trial()) {
		say("order", "not done below --root");
	} else if (where_systemd()) {
		if (child_must(argv, CHILD_MS, &err) < 0)
			log_error("machine=%s %s", agent->input.name, err.text);
	} else {
		leave(agent);
	}
	agent->order[0] = '\0';
}
