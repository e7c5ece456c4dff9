#ifndef WEB_SOCK_H
#define WEB_SOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What the kernel knows of a TCP connection (tcp(7), linux/tcp.h). */

/* Bytes of ours that the other side has acknowledged since the connection began; 0 if unknown. */
uint64_t sock_acked(int fd);

/* Bytes we wrote that are not acknowledged yet. */
uint64_t sock_unacked(int fd);

/* True if the other side has closed or reset the connection. */
bool sock_gone(int fd);

/* Shuts it down both ways, so that whoever reads or writes it finds the end. */
void sock_cut(int fd);

#endif
