#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "lib/err.h"
#include "web/state.h"

/*
 * The libmicrohttpd daemons, one for each listening socket, driven by our event loop.  A new
 * certificate takes a new daemon on the same socket; the old one retires: it accepts nothing more
 * and ends with its last connection.
 */

/* Starts serving on the listening socket `fd` (taken over); with `key` and `cert` (PEM; server,
 * then CA; copied) TLS, without them (NULL) plain.  web->servers has it then. */
int server_open(struct web *web, int fd, const char *key, const char *cert, struct err *err);

/* Gives all TLS servers this key and certificate; the same as before: nothing happens.  On failure
 * the old ones go on. */
int server_renew(struct web *web, const char *key, const char *cert, struct err *err);

/* Stops retired servers that have nobody left. */
void server_tick(struct web *web);

/* Stops all; peer_release_all() first. */
void server_close_all(struct web *web);

/* A request came on (bytes of it were taken, it was answered), so it is worth to look for more at
 * once. */
void server_moved(struct server *server);

/* A connection has ended. */
void server_ended(struct server *server);

/* A suspended connection was resumed: libmicrohttpd does not see that by itself. */
void server_wake(struct server *server);

/* One more (1) or one fewer (-1) peer has its answer on the way. */
void server_sending(struct server *server, int change);

struct web *server_web(const struct server *server);
bool server_is_tls(const struct server *server);

#endif
