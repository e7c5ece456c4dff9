/*
 * What a machine boots.  Three questions, in this order: whose machine is it (site, rule, person),
 * what is it to do (the operator's plan, else its image), and can it do that (architecture,
 * generation, parts).  Each answer is a plan with one sentence of reason.
 */
#include "plan/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

/* How the reason of an operator's plan begins. */
static const char *const asked_for[] = {
	[PLAN_LOCAL] = "the local disk", [PLAN_WAIT] = "to wait", [PLAN_RESCUE] = "a rescue shell",
};

#define STATE_SIZE ((int64_t)64 << 30)	/* docs/SITE-FILE.md, `state-size` */
#define TRIAL_S 1800			/* `trial` */

static const char *const kinds[] = {
	[PLAN_IMAGE] = "image", [PLAN_LOCAL] = "local", [PLAN_WAIT] = "wait",
	[PLAN_RESCUE] = "rescue", [PLAN_MEMTEST] = "memtest", [PLAN_FAILURE] = "failure",
};

const char *
plan_kind_name(enum plan_kind kind)
{
	return kinds[kind];
}

int
plan_kind_parse(enum plan_kind *ret, const char *name)
{
	for (size_t i = 0; i < PLAN_FAILURE; i++)
		if (strcmp(kinds[i], name) == 0) {
			*ret = (enum plan_kind)i;
			return 0;
		}
	return -EINVAL;
}

enum site_arch
plan_arch(const struct plan_claims *claims)
{
	if (strcmp(claims->buildarch, "arm64") == 0)
		return SITE_ARCH_ARM64;
	if (strcmp(claims->buildarch, "x86_64") == 0)
		return SITE_ARCH_AMD64;
	if (strcmp(claims->buildarch, "i386") == 0 && claims->cpu64)
		return SITE_ARCH_AMD64;
	return SITE_ARCH_ANY;
}

static const char *
pair_value(const struct site_pair *pairs, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].key, key) == 0)
			return pairs[i].value;
	return NULL;
}

static const struct site_rack *
find_rack(const struct site *site, const char *name)
{
	for (size_t i = 0; name && i < site->nracks; i++)
		if (strcmp(site->racks[i].name, name) == 0)
			return &site->racks[i];
	return NULL;
}

/* What a rule may ask about a machine: its own label, its rack's, then the facts. */
static const char *
label(const struct site *site, const struct site_machine *machine,
      const struct plan_claims *claims, const char *key)
{
	const struct site_rack *rack = machine ? find_rack(site, machine->rack) : NULL;
	const char *value = machine ? pair_value(machine->labels, machine->nlabels, key) : NULL;
	enum site_arch arch = plan_arch(claims);

	if (!value && rack)
		value = pair_value(rack->labels, rack->nlabels, key);
	if (value)
		return value;
	if (strcmp(key, "arch") == 0) {
		if (arch == SITE_ARCH_ANY && machine)
			arch = machine->arch;
		return site_arch_name(arch);
	}
	if (strcmp(key, "platform") == 0)
		return claims->platform;
	if (strcmp(key, "manufacturer") == 0)
		return claims->manufacturer;
	if (strcmp(key, "product") == 0)
		return claims->product;
	if (strcmp(key, "rack") == 0)
		return machine ? machine->rack : NULL;
	if (strcmp(key, "known") == 0)
		return machine ? "true" : "false";
	return NULL;
}

static bool
rule_fits(const struct site *site, const struct site_rule *rule,
	  const struct site_machine *machine, const struct plan_claims *claims)
{
	for (size_t i = 0; i < rule->nmatch; i++) {
		const char *value = label(site, machine, claims, rule->match[i].key);

		if (!value || strcmp(value, rule->match[i].value) != 0)
			return false;
	}
	return true;
}

const struct site_rule *
plan_rule(const struct site *site, const struct site_machine *machine,
	  const struct plan_claims *claims)
{
	for (size_t i = 0; i < site->nrules; i++)
		if (rule_fits(site, &site->rules[i], machine, claims))
			return &site->rules[i];
	return NULL;
}

static const struct site_boot *
find_profile(const struct site *site, const char *name)
{
	for (size_t i = 0; name && i < site->nprofiles; i++)
		if (strcmp(site->profiles[i].name, name) == 0)
			return &site->profiles[i].boot;
	return NULL;
}

/* What `over` says covers what is there. */
static void
cover(struct site_boot *boot, const struct site_boot *over)
{
	if (over->image)
		boot->image = over->image;
	if (over->args)
		boot->args = over->args;
	if (over->system_disk)
		boot->system_disk = over->system_disk;
	if (over->state_size >= 0)
		boot->state_size = over->state_size;
	if (over->rest >= 0)
		boot->rest = over->rest;
	if (over->trial_s >= 0)
		boot->trial_s = over->trial_s;
	if (over->diskless >= 0)
		boot->diskless = over->diskless;
	if (over->firmware)
		boot->firmware = over->firmware;
	if (over->user_data)
		boot->user_data = over->user_data;
	if (over->links) {
		boot->links = over->links;
		boot->nlinks = over->nlinks;
	}
}

void
plan_settings(const struct site *site, const struct site_machine *machine,
	      const struct plan_claims *claims, struct site_boot *ret)
{
	struct site_boot boot = { .state_size = STATE_SIZE, .rest = SITE_REST_UNUSED,
				  .trial_s = TRIAL_S };
	const char *profile = machine ? machine->profile : NULL;
	const struct site_boot *of_profile;

	if (!profile) {
		const struct site_rule *rule = plan_rule(site, machine, claims);

		profile = rule ? rule->profile : NULL;
	}
	cover(&boot, &site->boot);
	of_profile = find_profile(site, profile);
	if (of_profile)
		cover(&boot, of_profile);
	if (machine)
		cover(&boot, &machine->boot);
	*ret = boot;
}

/* Ends a plan: its kind and the sentence. */
static void __attribute__((format(printf, 3, 4)))
say(struct plan *plan, enum plan_kind kind, const char *fmt, ...)
{
	va_list ap;

	plan->kind = kind;
	va_start(ap, fmt);
	vsnprintf(plan->reason, sizeof(plan->reason), fmt, ap);
	va_end(ap);
}

/* Splits NAME or NAME@GENERATION; 0 for a generation means the newest. */
static void
split_ref(const char *ref, char *ret_name, size_t size, int *ret_generation)
{
	const char *at = strchr(ref, '@');
	size_t len = at ? (size_t)(at - ref) : strlen(ref);

	if (len >= size)
		len = size - 1;
	memcpy(ret_name, ref, len);
	ret_name[len] = '\0';
	*ret_generation = at ? atoi(at + 1) : 0;
}

static bool
bootable(const struct plan_image *image, enum site_arch arch)
{
	return image->arch == arch && !image->fault && image->kernel.sha256[0] &&
	       image->initrd.sha256[0];
}

/* Why none of the images that have the name and generation will do. */
static void
say_no_image(const char *ref, const struct plan_image *nearest, struct plan *plan)
{
	if (!nearest)
		say(plan, PLAN_FAILURE, "image %s is not in the store: bootserver image ls", ref);
	else if (nearest->fault)
		say(plan, PLAN_FAILURE, "image %s may not be booted: %s", ref, nearest->fault);
	else
		say(plan, PLAN_FAILURE, "image %s has no %s", ref, site_arch_name(plan->arch));
}

/* The newest generation, or the one asked for, with this architecture; says why there is none. */
static const struct plan_image *
find_image(const struct plan_ask *ask, const char *name, int generation, struct plan *plan)
{
	const struct plan_image *best = NULL, *nearest = NULL;
	char ref[80];

	for (size_t i = 0; i < ask->nimages; i++) {
		const struct plan_image *image = &ask->images[i];

		if (strcmp(image->name, name) != 0 ||
		    (generation && image->generation != generation))
			continue;
		if (!nearest || (image->fault && image->arch == plan->arch))
			nearest = image;
		if (bootable(image, plan->arch) &&
		    (!best || image->generation > best->generation))
			best = image;
	}
	snprintf(ref, sizeof(ref), generation ? "%s@%d" : "%s", name, generation);
	if (!best)
		say_no_image(ref, nearest, plan);
	return best;
}

/* True if the processor is one that images are made for. */
static bool
check_arch(const struct site_machine *machine, const struct plan_claims *claims, struct plan *plan)
{
	if (plan->arch == SITE_ARCH_ANY && strcmp(claims->buildarch, "i386") == 0)
		say(plan, PLAN_FAILURE, "this is a 32-bit processor, images are for 64-bit ones");
	else if (plan->arch == SITE_ARCH_ANY)
		say(plan, PLAN_FAILURE, "architecture %s is neither amd64 nor arm64",
		    claims->buildarch[0] ? claims->buildarch : "unknown");
	else if (machine && machine->arch != SITE_ARCH_ANY && machine->arch != plan->arch)
		say(plan, PLAN_FAILURE, "the site file says %s, this machine is %s",
		    site_arch_name(machine->arch), site_arch_name(plan->arch));
	else
		return true;
	return false;
}

/* What was to be booted did not get healthy in its time: the last good one, if that is there still,
 * takes its place. */
static bool
fall_back(const struct plan_ask *ask, struct plan *plan)
{
	const struct plan_history *history = ask->history;
	const struct plan_image *good;
	struct plan other = *plan;
	char ref[80], name[64];
	int generation;

	snprintf(ref, sizeof(ref), "%s@%d", plan->image->name, plan->image->generation);
	if (!history->abandoned || !history->last_good || strcmp(ref, history->abandoned) != 0)
		return false;
	split_ref(history->last_good, name, sizeof(name), &generation);
	good = find_image(ask, name, generation, &other);
	if (!good)
		return false;
	plan->image = good;
	plan->fell_back = true;
	say(plan, PLAN_IMAGE, "image %s, the last good one: %s did not get healthy in its time",
	    history->last_good, ref);
	return true;
}

static void
choose_image(const struct plan_ask *ask, const char *ref, int generation, struct plan *plan)
{
	char name[64];
	int pinned;

	split_ref(ref, name, sizeof(name), &pinned);
	if (generation)
		pinned = generation;
	plan->image = find_image(ask, name, pinned, plan);
	if (plan->image && !fall_back(ask, plan))
		say(plan, PLAN_IMAGE, "image %s@%d, %s", name, plan->image->generation,
		    pinned ? "the generation asked for" : "the newest");
}

static void
choose_memtest(const struct plan_claims *claims, struct plan *plan)
{
	if (strcmp(claims->buildarch, "arm64") == 0)
		say(plan, PLAN_FAILURE, "the memory test is for x86, this machine is arm64");
	else if (plan->arch == SITE_ARCH_ANY)
		say(plan, PLAN_FAILURE, "the memory test needs a 64-bit x86 processor");
	else
		say(plan, PLAN_MEMTEST, "memory test, asked for by the operator");
}

/* What a machine that was taken in does. */
static void
choose_kind(const struct plan_ask *ask, const struct site_boot *boot, struct plan *plan)
{
	const struct plan_history *history = ask->history;
	enum plan_kind kind = history->kind_set ? history->kind : PLAN_IMAGE;

	if (kind == PLAN_MEMTEST)
		choose_memtest(ask->claims, plan);
	else if (kind != PLAN_IMAGE)
		say(plan, kind, "%s, asked for by the operator", asked_for[kind]);
	else if (!check_arch(ask->machine, ask->claims, plan))
		return;
	else if (history->image)
		choose_image(ask, history->image, history->generation, plan);
	else if (boot->image)
		choose_image(ask, boot->image, 0, plan);
	else
		say(plan, PLAN_FAILURE, "no image is named: put image: NAME into site.yaml");
}

void
plan_choose(const struct plan_ask *ask, struct plan *ret)
{
	struct plan plan = { .arch = plan_arch(ask->claims) };
	const struct site_rule *rule = plan_rule(ask->site, ask->machine, ask->claims);
	const char *code = ask->history->code;
	struct site_boot boot;

	plan_settings(ask->site, ask->machine, ask->claims, &boot);
	plan.args = boot.args;
	if (ask->machine || ask->history->approved || (rule && rule->approve))
		choose_kind(ask, &boot, &plan);
	else
		say(&plan, PLAN_WAIT, "unknown machine: approve it by its code %s",
		    code ? code : "");
	*ret = plan;
}
