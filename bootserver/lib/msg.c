/*
 * Messages between the processes: see msg.h.  The table of types is the one in docs/INTERFACES.md;
 * an object that is not in it, or lacks a member, is a fault of the sender and never acted upon.
 */
#include "lib/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define SEND_WAIT_MS 5000

/* What a type needs: "name:kind", kind s(tring) i(nteger) o(bject) a(rray) b(oolean). */
static const struct {
	const char *type;
	const char *needs[7];
} types[] = {
	{ "start", { NULL } },
	{ "reload", { NULL } },
	{ "config", { "ok:b" } },
	{ "names", { "names:s" } },
	{ "manifests", { "files:a" } },
	{ "peer", { NULL } },
	{ "lease", { "action:s", "mac:s", "ip:s" } },
	{ "tftp", { "ip:s", "file:s" } },
	{ "child", { "name:s", "state:s" } },
	{ "ready", { NULL } },
	{ "greet", { "ip:s" } },
	{ "heard", { "mac:s", "kind:s", "reply:b", "port:i", "frame:s" } },
	{ "boot", { "id:i", "ip:s", "claims:o" } },
	{ "site-json", { "id:i", "nonce:s", "ip:s" } },
	{ "report", { "nonce:s", "ip:s", "phase:s", "state:s", "text:s" } },
	{ "transfer", { "nonce:s", "ip:s", "sha256:s", "done:i", "total:i", "state:s" } },
	{ "agent", { "id:i", "ip:s", "path:s", "der:s" } },
	{ "cloud-init", { "id:i", "name:s", "file:s", "ip:s" } },
	{ "health", { "id:i" } },
	{ "metrics", { "id:i" } },
	{ "site-file", { "id:i", "name:s" } },
	{ "answer", { "id:i" } },
};

int
msg_pair(int ret[2], struct err *err)
{
	int pair[2], size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return err_errno(err, -errno, "cannot make a socket pair");
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	memcpy(ret, pair, sizeof(pair));
	return 0;
}

static int
check_member(const json_t *body, const char *type, const char *need, struct err *err)
{
	size_t len = strcspn(need, ":");
	char name[32];

	memcpy(name, need, len);
	name[len] = '\0';
	if (!json_is_kind(json_object_get(body, name), need[len + 1]))
		return err_set(err, -EBADMSG, "message %s lacks a good member \"%s\"", type, name);
	return 0;
}

int
msg_check(const json_t *body, struct err *err)
{
	const char *type = json_str(body, "type", NULL);

	if (!type)
		return err_set(err, -EBADMSG, "message without a type");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].type, type) != 0)
			continue;
		for (const char *const *need = types[i].needs; *need; need++)
			if (check_member(body, type, *need, err) < 0)
				return -EBADMSG;
		return 0;
	}
	return err_set(err, -EBADMSG, "unknown message type \"%.40s\"", type);
}

/* A body that is too large for a packet, as a memfd that nobody can change any more. */
static int
sealed_copy(const char *text, size_t len)
{
	int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, text, len);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, seals) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int
send_packet(int fd, const void *data, size_t len, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE((MSG_FDS + 1) * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1 };
	int64_t until = clock_mono_ms() + SEND_WAIT_MS;

	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		head.msg_control = &control;
		head.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, nfds * sizeof(int));
	}
	while (sendmsg(fd, &head, MSG_NOSIGNAL) < 0) {
		struct pollfd room = { .fd = fd, .events = POLLOUT };

		if (errno == ECONNRESET)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (clock_mono_ms() >= until)
			return -ETIMEDOUT;
		poll(&room, 1, 100);
	}
	return 0;
}

/* The first byte of a packet says where the body is: '{' here, 'F' in the last descriptor. */
int
msg_send(int fd, const json_t *body, const int *fds, size_t nfds, struct err *err)
{
	int all[MSG_FDS + 1], large = -1, r;
	char *text;
	size_t len;

	r = msg_check(body, err);
	if (r < 0)
		return r;
	if (nfds > MSG_FDS)
		return err_set(err, -E2BIG, "a message carries at most %d descriptors", MSG_FDS);
	text = json_text_unsorted(body, &len);
	if (nfds > 0)
		memcpy(all, fds, nfds * sizeof(int));
	if (len > MSG_INLINE) {
		large = r = sealed_copy(text, len);
		if (r >= 0) {
			all[nfds] = large;
			r = send_packet(fd, "F", 1, all, nfds + 1);
			close(large);
		}
	} else
		r = send_packet(fd, text, len, all, nfds);
	free(text);
	return r < 0 ? err_errno(err, r, "cannot send message %s", json_str(body, "type", "")) : 0;
}

static void
take_fds(struct msghdr *head, struct msg *ret)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(head); at; at = CMSG_NXTHDR(head, at)) {
		size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof(int));
			if (ret->nfds < MSG_FDS + 1)
				ret->fds[ret->nfds++] = fd;
			else
				close(fd);
		}
	}
}

static int
read_large(struct msg *msg, char **ret, size_t *ret_len, struct err *err)
{
	int fd, r;

	if (msg->nfds == 0)
		return err_set(err, -EBADMSG, "large message without its memory");
	fd = msg->fds[--msg->nfds];
	if (!(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) || lseek(fd, 0, SEEK_SET) < 0)
		r = err_set(err, -EBADMSG, "large message whose memory is not sealed");
	else
		r = file_read_fd(fd, MSG_MAX, ret, ret_len, err);
	close(fd);
	return r;
}

static int
parse_packet(const char *packet, size_t len, struct msg *msg, struct err *err)
{
	char *large = NULL;
	int r = 0;

	if (len == 1 && packet[0] == 'F') {
		r = read_large(msg, &large, &len, err);
		packet = large;
	}
	if (r == 0)
		r = json_parse(&msg->body, packet, len, err);
	if (r == 0)
		r = msg_check(msg->body, err);
	free(large);
	return r;
}

int
msg_recv(int fd, struct msg *ret, struct err *err)
{
	static char packet[MSG_INLINE + 1];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE((MSG_FDS + 1) * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = packet, .iov_len = sizeof(packet) };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			       .msg_controllen = sizeof(control) };
	struct msg msg = { .body = NULL };
	ssize_t got;
	int r;

	do
		got = recvmsg(fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got < 0 && errno != ECONNRESET)
		return err_errno(err, -errno, "cannot receive a message");
	if (got <= 0)
		return err_set(err, -EPIPE, "the other process is gone");
	take_fds(&head, &msg);
	if (head.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		r = err_set(err, -EBADMSG, "message too large for a packet");
	else
		r = parse_packet(packet, (size_t)got, &msg, err);
	if (r < 0) {
		msg_fini(&msg);
		return -EBADMSG;
	}
	*ret = msg;
	return 1;
}

int
msg_wait(int fd, struct msg *ret, int timeout_ms, struct err *err)
{
	int64_t until = clock_mono_ms() + timeout_ms;

	for (;;) {
		struct pollfd some = { .fd = fd, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		int r = msg_recv(fd, ret, err);

		if (r != 0)
			return r;
		if (left <= 0)
			return err_set(err, -ETIMEDOUT, "no message within %d ms", timeout_ms);
		poll(&some, 1, (int)left);
	}
}

void
msg_fini(struct msg *msg)
{
	for (size_t i = 0; i < msg->nfds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->nfds = 0;
	json_decref(msg->body);
	msg->body = NULL;
}

const char *
msg_type(const struct msg *msg)
{
	return json_str(msg->body, "type", "");
}
