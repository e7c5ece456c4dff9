/* Orders of the server: the ways to leave. */
#include <errno.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "agent.h"
#include "child.h"
#include "lib/log.h"
#include "lib/str.h"
#include "say.h"
#include "where.h"

#define CHILD_MS 60000

static const struct {
	const char *kind;
	int how;	/* reboot(2) */
} kinds[] = {
	{ "reboot", RB_AUTOBOOT },
	{ "poweroff", RB_POWER_OFF },
};

void
order_do(struct agent *agent)
{
	const char *argv[] = { "systemctl", agent->order, NULL };
	struct err err;

	if (!agent->order[0])
		return;
	say("order", "%s, as the boot server asks", agent->order);
	progress_save(agent);
	if (where_systemd()) {
		if (child_must(argv, CHILD_MS, &err) < 0)
			log_error("machine=%s %s", agent->input.name, err.text);
		agent->order[0] = '\0';
		return;
	}
	sync();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_eq(kinds[i].kind, agent->order) && reboot(kinds[i].how) < 0)
			log_error("machine=%s %s: %s", agent->input.name, agent->order,
				  strerror(errno));
	agent->order[0] = '\0';
}
