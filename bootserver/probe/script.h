#ifndef PROBE_SCRIPT_H
#define PROBE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/sha256.h"
#include "probe/settings.h"

/*
 * iPXE's script language, the part of it that ipxe-scripts/ use (its src/core/exec.c and
 * src/image/script.c).  Whatever takes time is the host's: it is begun, and script_ended() goes on.
 */

#define SCRIPT_DEPTH 16		/* scripts that chain to one another */
#define SCRIPT_ARGS 64
#define SCRIPT_NAME 64

/* What a command gives back beside 0 and negative errno values. */
enum { SCRIPT_WAIT = 1, SCRIPT_EXIT = 2 };

struct script_image {
	char name[SCRIPT_NAME];
	char *text;			/* what it holds if it may be a script, or NULL */
	char sha256[SHA256_TEXT];
	uint64_t size;
	struct script_image *next;
};

struct script_fetch {
	const char *command;		/* chain, imgfetch, initrd … */
	const char *url;
	char name[SCRIPT_NAME];
	uint32_t timeout_ms;		/* without a byte; 0: not said */
	bool initrd;
};

struct script;

struct script_host {
	/* Each of them calls script_ended() once, later. */
	void (*fetch)(void *arg, const struct script_fetch *what);
	void (*configure)(void *arg, const char *nic);		/* ifconf: DHCP */
	/* sleep, prompt, shell, sanboot, reboot */
	void (*pause)(void *arg, const char *why, uint32_t ms);
	void (*boot)(void *arg, const char *image, const char *args);
	void (*binary)(void *arg, const char *image);		/* chain to what is no script */
	/* At once. */
	void (*say)(void *arg, const char *line);
	void (*over)(void *arg, int rc);	/* the first script has ended */
};

struct script_frame {
	char *text;
	size_t at;		/* of the next line */
	char *words;		/* the line that runs, cut into words */
	char *argv[SCRIPT_ARGS];
	size_t argc, next;
	bool skip;		/* the next command of the line is left out: && or || */
	int rc;			/* of the last command */
	char owner[SCRIPT_NAME];	/* the image it is */
};

struct script {
	const struct script_host *host;
	void *arg;
	bool efi;		/* has sha256sum and ntp */
	bool long_mode;		/* a 64-bit processor */
	struct settings settings;
	struct script_image *images;
	struct script_frame frames[SCRIPT_DEPTH];
	size_t depth;
	bool running, waiting;
	char chain[SCRIPT_NAME];	/* to be run when it has come; "" : none */
	char kernel[SCRIPT_NAME];	/* what `boot` alone boots */
	unsigned fuel;			/* commands until it counts as endless */
};

void script_fini(struct script *script);

/* Runs `text` as the first script until it waits or ends; what ran before is left. */
void script_start(struct script *script, const char *text);

/* What was begun has ended. */
void script_ended(struct script *script, int rc);

/* An image that was fetched; `text` NULL or what it holds. */
void script_add_image(struct script *script, const struct script_image *image);
const struct script_image *script_image(const struct script *script, const char *name);
void script_drop_image(struct script *script, const char *name);

bool script_is_script(const char *text);	/* begins with "#!ipxe" */

/* The subset's commands (command.c): runs one; 0, SCRIPT_WAIT, SCRIPT_EXIT or negative. */
int command_run(struct script *script, int argc, char **argv);

/* Goes on behind a label of the script that runs; -ENOENT when it is not there. */
int script_goto(struct script *script, const char *label);

#endif
