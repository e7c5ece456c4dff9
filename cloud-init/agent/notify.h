#ifndef AGENT_NOTIFY_H
#define AGENT_NOTIFY_H

/*
 * Words to systemd (sd_notify(3), «Notes» tells the protocol: one datagram), so that an agent that
 * hangs is replaced.  Without systemd (recipe tiny) nobody listens and nothing is said.
 */

/* Takes the socket and the watchdog's time from the environment, out of which they go: programs
 * that the agent starts have no word in this. */
void notify_init(void);

void notify_ready(void);
void notify_alive(void);	/* the wheel turns: to be said within notify_patience_s() */

/* How long one thing may take before the watchdog strikes, seconds; `most` where none watches. */
int notify_patience_s(int most);

#endif
