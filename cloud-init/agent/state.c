/*
 * `bootserver-agent state`: finds or makes the state partition, binds it, makes the root this
 * machine's own, and leaves the verdict in /run/bootserver/state.json.  Runs once, before sshd,
 * containerd and kubelet; what it cannot do is a verdict too (`stalled`), so the machine stays
 * up and `run` can tell the server why.
 */
#include "cloud-init/agent/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/disk.h"
#include "cloud-init/agent/dress.h"
#include "cloud-init/agent/input.h"
#include "cloud-init/agent/make.h"
#include "cloud-init/agent/mounts.h"
#include "cloud-init/agent/probe.h"
#include "cloud-init/agent/say.h"
#include "cloud-init/agent/verdict.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define SETTLE_MS 60000
#define NAMES_MS 10000		/* for udev to name the disks that are there */
#define NAMED_MS 30000		/* for the disk that the site file names */
#define STATE_SIZE (64LL << 30)

static void
stall(struct verdict *verdict, const char *reason)
{
	verdict->result = VERDICT_STALLED;
	str_copy(verdict->reason, sizeof(verdict->reason), reason);
}

/* Drivers that are still at work may bring more disks: wait for udev to come to rest. */
static void
settle(void)
{
	const char *argv[] = { "udevadm", "settle", "--timeout=30", NULL };
	struct err err;

	if (where_systemd() && child_run(argv, SETTLE_MS, NULL, &err) != 0)
		log_warn("udevadm settle did not end well: going on with the disks that are there");
}

static int
make(struct disk *disk, const struct input *input, struct err *err)
{
	struct repart_wish wish = {
		.disk = disk->size,
		.state = (uint64_t)json_num(input->machine, "state-size", STATE_SIZE),
		.rest = str_eq(json_str(input->machine, "rest", "unused"), "storage"),
	};

	say("state", "partitioning disk %s (%llu MiB)", disk->name,
	    (unsigned long long)(disk->size >> 20));
	return make_disk(disk, &wish, err);
}

/* Makes the chosen disk if need be, mounts and binds it. */
static void
use(struct disk *disk, bool fresh, const struct input *input, struct verdict *verdict)
{
	struct err err;
	int r = 0, held = -1;

	if (where_is("/run/containerd/containerd.sock") && !mounts_is(WHERE_STATE)) {
		stall(verdict, "the disk can be used now, but the machine runs already: reboot it");
		return;
	}
	if (fresh)
		r = make(disk, input, &err);
	else
		make_finish(disk);
	if (r == 0)
		r = held = mounts_hold(disk->name, &err);
	if (r >= 0)
		r = mounts_state(disk->state_part, &err);
	if (held >= 0)
		close(held);
	if (r == 0)
		r = mounts_bind(&err);
	if (r < 0)
		stall(verdict, err.text);
	else
		verdict->result = fresh ? VERDICT_NEW : VERDICT_KEPT;
}

/* The site file's wish, NULL if there is none. */
static const char *
system_disk(const struct input *input)
{
	const char *name = json_str(input->machine, "system-disk", "");

	return name[0] ? name : NULL;
}

static void
rest(int64_t ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

static bool
has_named(const struct disk *disks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (disks[i].named)
			return true;
	return false;
}

/*
 * All disks, and which one to use.  stage 1 has loaded the drivers long ago, so a disk that can be
 * used is mostly there: udev need only have given it its names.  Where there seems to be none, all
 * of udev is waited for, and, if the site file names a disk, that one.
 */
static size_t
look(const struct input *input, struct disk *disks, struct disk_choice *ret)
{
	const struct disk_wish wish = {
		.system_disk = system_disk(input),
		.diskless = json_flag(input->machine, "diskless", false),
	};
	int64_t deadline = clock_mono_ms() + NAMES_MS;
	size_t count;

	while (where_systemd() && !probe_named() && clock_mono_ms() < deadline)
		rest(50);
	count = probe_all(wish.system_disk, disks, DISK_MOST);
	disk_choose(disks, count, &wish, ret);
	if (ret->disk && (ret->verdict == DISK_KEEP || ret->verdict == DISK_MAKE))
		return count;
	settle();
	deadline = clock_mono_ms() + NAMED_MS;
	count = probe_all(wish.system_disk, disks, DISK_MOST);
	while (wish.system_disk && !has_named(disks, count) && clock_mono_ms() < deadline) {
		rest(500);
		count = probe_all(wish.system_disk, disks, DISK_MOST);
	}
	disk_choose(disks, count, &wish, ret);
	return count;
}

/* Those that hold an OSD of the site's Ceph, as site.json names it. */
static void
own(const struct input *input, struct disk *disks, size_t count)
{
	const char *fsid = json_str(input->site, "ceph-fsid", "");

	for (size_t i = 0; i < count; i++)
		disks[i].ours = fsid[0] && str_eq(disks[i].fsid, fsid);
}

static void
decide(const struct input *input, struct disk *disks, struct verdict *verdict)
{
	struct disk_choice choice;
	struct err err;
	size_t count = look(input, disks, &choice);
	struct disk *disk = choice.disk ? &disks[choice.disk - disks] : NULL;

	own(input, disks, count);
	str_copy(verdict->reason, sizeof(verdict->reason), choice.reason);
	if (disk) {
		str_copy(verdict->disk, sizeof(verdict->disk), disk->name);
		str_copy(verdict->by_id, sizeof(verdict->by_id), disk->by_id);
	}
	if (choice.verdict == DISK_RAM)
		verdict->result = VERDICT_RAM;
	else if (choice.verdict == DISK_STALL)
		verdict->result = VERDICT_STALLED;
	else
		use(disk, choice.verdict == DISK_MAKE, input, verdict);
	if (verdict->result == VERDICT_STALLED &&
	    json_flag(input->machine, "diskless", false))
		verdict->result = VERDICT_RAM;
	if (verdict->result == VERDICT_RAM && mounts_ram(&err) < 0)
		stall(verdict, err.text);
	verdict->disks = verdict_disks(disks, count,
				       verdict->result <= VERDICT_NEW ? disk : NULL);
}

int
state_run(struct err *err)
{
	static struct disk disks[DISK_MOST];
	struct verdict verdict = { 0 };
	struct input input;
	bool kept;
	int r;

	r = input_read(&input, err);
	if (r < 0)
		return r;
	decide(&input, disks, &verdict);
	kept = verdict.result <= VERDICT_NEW;
	dress_root(&input, kept);
	r = verdict_write(&verdict, err);
	say("state", "%s: %s", verdict_name(verdict.result), verdict.reason);
	verdict_fini(&verdict);
	input_fini(&input);
	return r;
}

void
state_look(const struct input *input, struct verdict *verdict)
{
	struct disk *disks = mem_new(DISK_MOST * sizeof(*disks));
	size_t count = probe_all(system_disk(input), disks, DISK_MOST);
	const struct disk *system = NULL;
	struct err err;

	own(input, disks, count);
	for (size_t i = 0; i < count; i++)
		if (verdict->result <= VERDICT_NEW && str_eq(disks[i].name, verdict->disk))
			system = &disks[i];
	json_decref(verdict->disks);
	verdict->disks = verdict_disks(disks, count, system);
	free(disks);
	if (verdict_write(verdict, &err) < 0)
		log_warn("machine=%s %s", input->name, err.text);
}
