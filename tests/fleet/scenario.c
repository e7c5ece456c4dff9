/* See scenario.h. */
#include "tests/fleet/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"

#define FIELD(member) offsetof(struct scenario, member)

/* Keys with one number; what may stand behind the number, and what it is worth. */
static const struct key {
	const char *name;
	size_t at;
	const char *unit;
	double worth;
} keys[] = {
	{ "machines", FIELD(machines), "", 1 },
	{ "seed", FIELD(seed), "", 1 },
	{ "spread", FIELD(spread_ms), "s", 1000 },
	{ "patience", FIELD(patience_ms), "s", 1000 },
	{ "power-cut", FIELD(power_cut_ms), "s", 1000 },
	{ "loss", FIELD(loss_ppm), "%", 10000 },
	{ "reorder", FIELD(reorder_ppm), "%", 10000 },
	{ "delay", FIELD(delay_ms), "ms", 1 },
	{ "rate", FIELD(rate_mbit), "Mbit/s", 1 },
	{ "ring", FIELD(ring), "", 1 },
	{ "service", FIELD(service_ns), "us", 1000 },
	{ "ignores-proxy-offers", FIELD(no_proxy), "", 1 },
	{ "asks-4011-only", FIELD(only_4011), "", 1 },
	{ "malformed-option-77", FIELD(bad_class), "", 1 },
	{ NULL, 0, NULL, 0 },
};

static int
take_number(struct scenario *scenario, const char *name, const char *value)
{
	for (const struct key *key = keys; key->name != NULL; key++) {
		char *end;
		double number;
		uint32_t whole;

		if (!str_eq(key->name, name))
			continue;
		number = strtod(value, &end) * key->worth;
		end += strspn(end, " ");
		if (end == value || !str_eq(end, key->unit) || number < 0 || number > 4e9)
			return -EINVAL;
		whole = (uint32_t)(number + 0.5);
		memcpy((char *)scenario + key->at, &whole, sizeof(whole));
		return 0;
	}
	return -ENOENT;
}

/* firmware KIND WEIGHT */
static int
take_firmware(struct scenario *scenario, char *value)
{
	char *blank = strchr(value, ' ');
	size_t n = 0;

	while (n < SCENARIO_KINDS && scenario->kinds[n].firmware != NULL)
		n++;
	if (blank == NULL || n == SCENARIO_KINDS)
		return -EINVAL;
	*blank = '\0';
	scenario->kinds[n].firmware = firmware_find(value);
	scenario->kinds[n].weight = (uint32_t)strtoul(blank + 1, NULL, 10);
	scenario->weights += scenario->kinds[n].weight;
	return scenario->kinds[n].firmware != NULL && scenario->kinds[n].weight > 0 ? 0 : -EINVAL;
}

static int
take_line(struct scenario *scenario, char *line)
{
	char *value;

	line[strcspn(line, "#")] = '\0';
	for (size_t len = strlen(line); len > 0 && line[len - 1] == ' '; len--)
		line[len - 1] = '\0';
	if (line[0] == '\0')
		return 0;
	value = line + strcspn(line, " ");
	if (*value != '\0')
		*value++ = '\0';
	value += strspn(value, " ");
	if (str_eq(line, "stops")) {
		scenario->stops = true;
		return 0;
	}
	if (str_eq(line, "kernel") || str_eq(line, "initrd"))
		return 0;	/* the image's: the rack makes it (herd.py) */
	return str_eq(line, "firmware") ? take_firmware(scenario, value) :
					  take_number(scenario, line, value);
}

int
scenario_read(struct scenario *ret, const char *path, struct err *err)
{
	struct scenario scenario = { .seed = 1, .patience_ms = 60000, .rate_mbit = 1000 };
	char *text;
	int number = 1, r = file_read(AT_FDCWD, path, &text, NULL, err);

	if (r < 0)
		return r;
	for (char *at = text, *end; r == 0 && *at != '\0'; at = end, number++) {
		end = at + strcspn(at, "\n");
		if (*end != '\0')
			*end++ = '\0';
		r = take_line(&scenario, at);
		if (r < 0)
			err_set(err, r, "%s:%d: \"%s\" is not understood", path, number, at);
	}
	free(text);
	if (r == 0 && (scenario.machines == 0 || scenario.weights == 0))
		r = err_set(err, -EINVAL, "%s: it needs machines and firmware", path);
	if (r == 0)
		*ret = scenario;
	return r;
}

const struct firmware *
scenario_firmware(const struct scenario *scenario, uint32_t index)
{
	uint32_t at = index % scenario->weights;
	size_t n = 0;

	while (at >= scenario->kinds[n].weight)
		at -= scenario->kinds[n++].weight;
	return scenario->kinds[n].firmware;
}
