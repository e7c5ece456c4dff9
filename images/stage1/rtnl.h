#ifndef STAGE1_RTNL_H
#define STAGE1_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* The five questions stage 1 has for the kernel's routing netlink (rtnetlink(7)), by libmnl. */
struct rtnl;

int rtnl_open(struct rtnl **ret, struct err *err);
void rtnl_close(struct rtnl *r);

struct rtnl_link {
	int index;
	char name[16];
	uint8_t mac[6];
	bool ethernet;		/* with a MAC of its own: no loopback, tunnel or bridge port */
	bool up, carrier;
};

/* The links that are there, at most `most`; returns how many. */
int rtnl_links(struct rtnl *r, struct rtnl_link *ret, size_t most, struct err *err);

int rtnl_up(struct rtnl *r, int index, struct err *err);

/* Addresses host-order; what is set already is set again. */
int rtnl_address(struct rtnl *r, int index, uint32_t address, uint8_t prefix, struct err *err);
int rtnl_gateway(struct rtnl *r, int index, uint32_t gateway, struct err *err);

/* Readable when a link changed since rtnl_hush(). */
int rtnl_fd(const struct rtnl *r);
void rtnl_hush(struct rtnl *r);

#endif
