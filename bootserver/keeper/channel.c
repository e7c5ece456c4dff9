/*
 * A child of our own kind, engine or web: this program again, as a process that holds the channel
 * to us and the channel to its peer.  What it sends is handed to `take`; at the end of its channel
 * it leaves by itself.
 */
#include "keeper/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/msg.h"
#include "lib/proc.h"
#include "lib/str.h"

static int
on_message(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct channel *channel = arg;
	struct msg msg;
	struct err err;
	int r = msg_recv(fd, &msg, &err);

	(void)source, (void)events;
	if (r == 0)
		return 0;
	if (r < 0) {
		if (r != -EPIPE)
			log_error("child=%s bad message: %s", channel->name, err.text);
		channel_close(channel);	/* it leaves, if it is not gone already */
		return 0;
	}
	if (!channel->take(channel->arg, &msg))
		log_error("child=%s message of type %s not expected", channel->name,
			  msg_type(&msg));
	msg_fini(&msg);
	return 0;
}

static pid_t
spawn(const struct channel *channel, const int fds[2], struct err *err)
{
	char *uid = str_format("BOOTSERVER_UID=%u", (unsigned)channel->uid);
	char *gid = str_format("BOOTSERVER_GID=%u", (unsigned)channel->gid);
	const char *const argv[] = { "bootserver", channel->name, NULL };
	const char *const env[] = { uid, gid, NULL };
	pid_t pid = proc_start(&(struct proc){ .path = "/proc/self/exe", .argv = argv, .env = env,
					       .fds = fds, .nfds = 2 }, err);

	free(uid);
	free(gid);
	return pid;
}

pid_t
channel_start(struct channel *channel, sd_event *event, int peer, struct err *err)
{
	int pair[2], r = msg_pair(pair, err);
	pid_t pid;

	if (r < 0) {
		close(peer);
		return r;
	}
	pid = spawn(channel, (const int[]){ pair[1], peer }, err);
	close(pair[1]);
	close(peer);
	if (pid < 0) {
		close(pair[0]);
		return pid;
	}
	channel->fd = pair[0];
	r = sd_event_add_io(event, &channel->from, pair[0], EPOLLIN, on_message, channel);
	if (r < 0)
		log_error("child=%s cannot be listened to: error %d", channel->name, -r);
	return pid;
}

void
channel_close(struct channel *channel)
{
	channel->from = sd_event_source_disable_unref(channel->from);
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}
