/* systemd's units: see unit.h. */
#include "cloud-init/agent/unit.h"

#include <stddef.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/where.h"

#define CHILD_MS 120000

static int
systemctl(const char *const *argv, struct err *err)
{
	return where_systemd() ? child_must(argv, CHILD_MS, err) : 0;
}

int
unit_start(const char *unit, struct err *err)
{
	const char *argv[] = { "systemctl", "start", unit, NULL };

	return systemctl(argv, err);
}

int
unit_begin(const char *unit, struct err *err)
{
	const char *argv[] = { "systemctl", "start", "--no-block", unit, NULL };

	return systemctl(argv, err);
}

int
unit_restart(const char *unit, struct err *err)
{
	const char *argv[] = { "systemctl", "restart", unit, NULL };

	return systemctl(argv, err);
}

int
unit_stop(const char *unit, struct err *err)
{
	const char *argv[] = { "systemctl", "stop", unit, NULL };

	return systemctl(argv, err);
}
