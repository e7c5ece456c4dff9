#ifndef AGENT_DISK_H
#define AGENT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a disk is, and which one becomes the system disk.  Pure: probe.c reads the disks, state.c
 * writes to the one that is chosen here.  All doubt means *unknown*, and an unknown disk is never
 * written.
 */
#define DISK_MOST 256	/* of a machine */
#define DISK_SIGNS 16
#define DISK_SIGN 48

#define DISK_ESP_BYTES (1ULL << 30)
#define DISK_STATE_LEAST (2ULL << 30)
#define DISK_REST_LEAST (1ULL << 30)
#define DISK_EDGE (2ULL << 20)		/* for the tables at both ends and for alignment */
#define DISK_LEAST (DISK_ESP_BYTES + DISK_STATE_LEAST + DISK_EDGE)

#define DISK_LABEL_ESP "bootserver-esp"
#define DISK_LABEL_STATE "bootserver-state"
#define DISK_LABEL_REST "bootserver-rest"

/* What was seen of a disk, by reading alone. */
struct disk {
	char name[32];			/* vda */
	char by_id[256];		/* /dev/disk/by-id/…, empty if it has no such name */
	char serial[128], model[128];
	uint64_t size;			/* bytes */
	bool rotational;
	bool loop;			/* a file of another disk, whatever its name */
	bool readonly;
	bool failed;			/* could not be opened or read to the end */
	bool busy;			/* mounted, or held by another program */
	bool named;			/* the site file's `system-disk` is this one */
	bool claimed;			/* our mark «being partitioned» is on it (claim.h) */
	char state_part[32];		/* its partition labelled bootserver-state, or empty */
	char state_type[16];		/* the file system there, empty if none is known */
	bool only_ours;			/* has a GPT, and each partition a label of ours */
	bool data;			/* bytes that are not zero where it was sampled */
	uint64_t data_at;		/* the first of these */
	char fsid[37];			/* of the Ceph cluster whose OSD it holds, empty if none */
	char osd[12];			/* the OSD's number, empty if it is not known */
	bool ours;			/* that is this site's cluster */
	char signs[DISK_SIGNS][DISK_SIGN];	/* gpt, ext4, LVM2_member, ceph_bluestore@1GiB, … */
	size_t nsigns;
};

/* Adds a signature once; what does not fit becomes "more". */
void disk_sign(struct disk *disk, const char *sign);

enum disk_use { DISK_SYSTEM, DISK_BLANK, DISK_UNKNOWN, DISK_OURS, DISK_FOREIGN };

/* `why` (`size` bytes) gets the reason, as the end of the sentence "disk vda …". */
enum disk_use disk_classify(const struct disk *disk, char *why, size_t size);
const char *disk_use_name(enum disk_use use);

struct disk_wish {
	const char *system_disk;	/* by-id name of the site file, or NULL */
	bool diskless;			/* the site file accepts a machine that lives in memory */
};

enum disk_verdict { DISK_KEEP, DISK_MAKE, DISK_RAM, DISK_STALL };

struct disk_choice {
	enum disk_verdict verdict;
	const struct disk *disk;	/* borrowed: kept, to be made, or at fault; or NULL */
	char reason[512];
};

/* KEEP: a disk that is already ours; MAKE: write to this one (blank, or half-made by us); RAM: no
 * disk, or none usable and the site accepts that; STALL: none usable, a person must look. */
void disk_choose(const struct disk *disks, size_t count, const struct disk_wish *wish,
		 struct disk_choice *ret);

#endif
