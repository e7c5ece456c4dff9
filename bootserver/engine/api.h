#ifndef ENGINE_API_H
#define ENGINE_API_H

#include "engine/core.h"

/* The operator's API over HTTP on a listening Unix socket. */

struct api;

/* Takes `fd` over. */
int api_start(struct api **ret, struct engine *e, int fd, struct err *err);
void api_stop(struct api *api);

int api_fd(const struct api *api);	/* to be polled for reading; then api_run() */

/* Serves what is ready; negative with the sentence when the engine must leave. */
int api_run(struct api *api, struct err *err);

bool api_waits(const struct api *api);	/* something is to be sent: api_run() soon */
void api_tick(struct api *api);		/* once a second: followers that hung up */

#endif
