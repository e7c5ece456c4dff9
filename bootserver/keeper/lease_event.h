#ifndef KEEPER_LEASE_EVENT_H
#define KEEPER_LEASE_EVENT_H

#include <jansson.h>

/* The message for what dnsmasq says (argv[0] is the action; more is in the environment), the
 * caller's; NULL when it is nothing that is told. */
json_t *lease_event_message(int argc, char **argv);

#endif
