#ifndef KEEPER_STATE_H
#define KEEPER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>
#include <systemd/sd-event.h>

#include "keeper/channel.h"
#include "keeper/child.h"
#include "keeper/probe.h"
#include "lib/err.h"

/* What the rooms of this house share: one struct keeper a process. */

struct site;

struct listen {
	char *name;		/* http, https */
	char *address;
	int port;
	int fd;
};
#define LISTEN_MAX 8

struct keeper {
	sd_event *event;
	int dir;		/* the site directory, which is also the working directory */
	char *data;		/* folder of shipped files */
	uid_t engine_uid, web_uid;
	gid_t engine_gid, web_gid;

	struct child engine, web, dnsmasq, chrony;
	struct channel to_engine, to_web;
	int web_peer;		/* web's end of the pair to the engine; -1: it has it */

	int api;		/* operator's listening socket */
	int ear;		/* packet socket for web; negative: none */
	char *ear_interface;
	int lease;		/* datagrams of lease-event */
	sd_event_source *from_lease;
	struct listen listens[LISTEN_MAX];
	size_t nlistens;

	json_t *config;		/* the engine's last good one; NULL: none yet */
	bool dnsmasq_written;	/* its files are in run/ */
	bool dnsmasq_stale;	/* it is to read its hosts anew once it is ready */
	bool chrony_wanted;	/* its file is in run/, its program is there */
	struct probe served, timed;

	bool ready;		/* has been, once */
	bool failed;		/* could not start, or go on */
	bool stopping;
	bool reloading;
};

/* keeper.c */
/* Ends the server: what happened cannot be borne. */
void keeper_fail(struct keeper *keeper, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Before the first READY trouble ends the start; later it is told, the children are supervised. */
void keeper_trouble(struct keeper *keeper, const char *text);
void keeper_tell_engine(struct keeper *keeper, json_t *body);	/* takes the reference */

/* engine.c, web.c, dnsmasq.c: what each child needs. */
void engine_init(struct keeper *keeper);
void engine_reload(struct keeper *keeper);
void web_init(struct keeper *keeper);
void web_reload(struct keeper *keeper);
void dnsmasq_init(struct keeper *keeper);
/* Writes the config's files: restarts dnsmasq, or has it read its hosts anew, or does nothing. */
int dnsmasq_take(struct keeper *keeper, const json_t *config, struct err *err);
/* Hands the engine the manifests that its `config` names. */
void manifests_send(struct keeper *keeper, const json_t *config);
void dnsmasq_take_names(struct keeper *keeper, const char *names);
void dnsmasq_ready(struct keeper *keeper);
void chrony_init(struct keeper *keeper);
int chrony_take(struct keeper *keeper, const json_t *config, struct err *err);

/* config.c, edit.c: the engine's words. */
void config_take(struct keeper *keeper, json_t *config);
void config_refused(struct keeper *keeper);	/* ends a reload that came to nothing */
void edit_take(struct keeper *keeper, const json_t *body);	/* `site-file` */

/* sockets.c */
int sockets_unix(struct keeper *keeper, struct err *err);	/* api and lease */
/* Opens what `wanted` (the config's `listen`) names and closes the rest; *ret_changed. */
int sockets_listen(struct keeper *keeper, const json_t *wanted, bool *ret_changed, struct err *err);
/* Whether this host has the interface and the address of a site, and its ports are free or ours:
 * opens what is not open and closes it again.  For a process that may read site files. */
int sockets_try(const struct keeper *keeper, const struct site *site, struct err *err);
void sockets_close(struct keeper *keeper);

/* ear.c: hears DHCP on the interface; true: the socket is another one than before. */
bool ear_listen(struct keeper *keeper, const char *interface);
void ear_forget(struct keeper *keeper);

/* owner.c: "nginx (process 812)" for a port in use, or "another process"; fresh memory. */
char *owner_of_port(const char *table, int port);	/* "tcp", "udp" */

/* tftp.c: fills run/tftp/ from the shipped binaries, stamped, and the config's scripts. */
int tftp_fill(struct keeper *keeper, const json_t *config, struct err *err);

int lease_listen(struct keeper *keeper, struct err *err);	/* lease.c */

/* site.c: the folder before all else. */
int site_prepare(struct keeper *keeper, struct err *err);	/* folders, owners, lock */
int site_pki(struct keeper *keeper);	/* 0, or 1: the findings have been printed */
char *site_data_folder(void);

#endif
