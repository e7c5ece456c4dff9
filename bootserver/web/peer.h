#ifndef WEB_PEER_H
#define WEB_PEER_H

#include "web/state.h"

/*
 * The connections: who is there, what each is waiting for, and until when.  libmicrohttpd's own
 * timeout restarts with every byte, so a client that sends one byte a second would stay for ever;
 * these deadlines count from the beginning of each phase.
 */

/* As MHD_OPTION_NOTIFY_CONNECTION wants it; `arg` is the struct server. */
void peer_notify(void *arg, struct MHD_Connection *mhd, void **context,
		 enum MHD_ConnectionNotificationCode code);

/* The peer of a connection; never NULL within MHD's callbacks. */
struct peer *peer_of(struct MHD_Connection *mhd);

/* Enters a phase: its time begins now. */
void peer_enter(struct peer *peer, enum peer_phase phase);

/* Looks at all deadlines, at connections that went away while the engine had the word, and at the
 * progress of transfers. */
void peer_tick(struct web *web, int64_t now_ms);

/* Lets go of all that waits for the engine, so that the daemons may be stopped. */
void peer_release_all(struct web *web);

#endif
