#ifndef WEB_SOCK_H
#define WEB_SOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What the kernel knows of a TCP connection (tcp(7), linux/tcp.h). */

/* Bytes of ours that the other side has acknowledged since the connection began; 0 if unknown. */
uint64_t sock_acked(int fd);

/* Bytes we wrote that are not acknowledged yet. */
uint64_t sock_unacked(int fd);

/* All at once, for a transfer that is watched; zeros and false if unknown. */
struct sock_seen {
	uint64_t acked, unacked;	/* as above */
	uint64_t segments, lost;	/* sent so far, and of these sent again */
	uint64_t in_flight;		/* segments sent and not acknowledged */
	uint64_t rate;			/* bytes a second that arrived, of the last round trip */
};
bool sock_look(int fd, struct sock_seen *ret);

/* Bytes a second that the kernel sends at most (SO_MAX_PACING_RATE, socket(7)). */
void sock_pace(int fd, uint64_t rate);

/* True if the other side has closed or reset the connection. */
bool sock_gone(int fd);

/* Shuts it down both ways, so that whoever reads or writes it finds the end. */
void sock_cut(int fd);

#endif
