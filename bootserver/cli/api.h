#ifndef CLI_API_H
#define CLI_API_H

#include <jansson.h>

#include "cli/cli.h"

/* Questions to the running boot server, through run/api.sock of the site directory. */

/* One request; `body` may be NULL.  CLI_GOOD with *ret the answer (json_decref()), or CLI_FAULT
 * with the sentence told.  ret may be NULL. */
int cli_api(const struct cli *cli, const char *method, const char *path, const json_t *body,
	    json_t **ret);

/* The stream of events: `line` for each one until it returns non-zero or the server ends. */
int cli_api_events(const struct cli *cli, int (*line)(void *arg, const json_t *event), void *arg);

/* "/v1/machines/NAME" + `rest` for what the person typed (name, MAC or code); fresh memory, or NULL
 * with the sentence told. */
char *cli_api_machine(const char *typed, const char *rest);

/* Prints a value as JSON, for --json. */
int cli_api_print(const json_t *value);

#endif
