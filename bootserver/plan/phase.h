#ifndef PLAN_PHASE_H
#define PLAN_PHASE_H

/* The phases of a boot, in order: one table for timeline, screens and tests. */
enum phase {
	PHASE_DHCP, PHASE_TFTP, PHASE_IPXE, PHASE_SCRIPT, PHASE_KERNEL, PHASE_INITRD, PHASE_STAGE1,
	PHASE_ROOT, PHASE_FACTS, PHASE_ENROL, PHASE_STORAGE, PHASE_JOIN, PHASE_ROLES, PHASE_HEALTHY,
	PHASE_COUNT
};

/* STATE_NOTE: something is said that does not move the boot (an order, a decision). */
enum phase_state {
	STATE_BEGIN, STATE_PROGRESS, STATE_DONE, STATE_WAIT, STATE_STALL, STATE_FAIL, STATE_NOTE
};

const char *phase_name(enum phase phase);
const char *phase_state_name(enum phase_state state);

/* 0, or -EINVAL with *ret untouched. */
int phase_parse(enum phase *ret, const char *name);
int phase_state_parse(enum phase_state *ret, const char *name);

#endif
