#ifndef ENGINE_INVENTORY_H
#define ENGINE_INVENTORY_H

#include "engine/decide.h"

/* The machines as the renderers of roles/ want them; everything is borrowed from the engine. */
struct inventory {
	struct roles_cluster cluster;
	struct roles_node *nodes;
	char (*addresses)[NET_IP4_TEXT];
	struct roles_disk **disks;
	const char **images, **manifests;
	const struct roles_node *self;	/* the machine that it was made for */
};

void inventory_init(struct inventory *ret, const struct engine *e, const struct machine *m,
		    const struct decision *d);
void inventory_fini(struct inventory *inventory);

/* Lines of /etc/hosts for the machine: the API server where it answers by now, the boot server, the
 * machine itself. */
json_t *inventory_hosts(const struct engine *e, const struct inventory *inventory);

#endif
