#ifndef PLAN_TRIAL_H
#define PLAN_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The trial of a generation that was never healthy on this machine yet: it has so much time to get
 * there, or it is abandoned for the one that was good last.  The trial's clock is not the wall's:
 * it runs while the machine is heard and what it waits for lies within it.
 */
struct trial {
	char image[80];		/* "edge@2"; "": none is on trial */
	int64_t spent_ms;	/* over all of its boots here */
	bool over;		/* abandoned, until something else is asked for */
};

/* What is seen of the machine at a moment. */
struct trial_look {
	const char *image;	/* what it boots; "": no image of ours */
	const char *last_good;	/* "": nothing was healthy here yet */
	bool healthy;
	bool outside;		/* it waits for the API server, storage, others, a person */
	int64_t quiet_ms;	/* since its last word of any kind */
	int64_t passed_ms;	/* since the last look */
	int64_t limit_ms;	/* the site's `trial` */
};

enum trial_word {
	TRIAL_STILL,		/* nothing is on trial, or its clock stands */
	TRIAL_RUNS,
	TRIAL_OVER,		/* just now; said once */
};

/* Silent for longer, a machine may as well be off: then nothing is held against its image. */
#define TRIAL_QUIET_MS 120000

/* The machine is given this image: a trial of another one is forgotten with its end, unless it is
 * the good one that takes its place. */
void trial_begin(struct trial *trial, const char *image, const char *last_good);

enum trial_word trial_step(struct trial *trial, const struct trial_look *look);

#endif
