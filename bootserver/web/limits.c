/* The limits that keep hostile clients in bounds, as a table: see limits.h and state.h. */
#include "web/limits.h"

#include <errno.h>

#define MINUTE 60000
#define HOUR (60 * MINUTE)

static const struct {
	const char *name;
	size_t place;
	int64_t usual, least, most;
} table[] = {
	{ "connections", offsetof(struct limits, connections), 2048, 1, 65536 },
	{ "connections-per-ip", offsetof(struct limits, per_ip), 64, 1, 65536 },
	{ "header-bytes", offsetof(struct limits, header_bytes), 8192, 256, 12288 },
	{ "headers-ms", offsetof(struct limits, headers_ms), 10000, 50, HOUR },
	{ "idle-ms", offsetof(struct limits, idle_ms), 30000, 50, HOUR },
	{ "body-ms", offsetof(struct limits, body_ms), 30000, 50, HOUR },
	{ "stall-ms", offsetof(struct limits, stall_ms), 60000, 50, HOUR },
	{ "quiet-ms", offsetof(struct limits, quiet_ms), 10000, 50, HOUR },
	{ "hold-ms", offsetof(struct limits, hold_ms), 10000, 50, MINUTE },
	{ "engine-ms", offsetof(struct limits, engine_ms), 5000, 50, HOUR },
	{ "poll-ms", offsetof(struct limits, poll_ms), 65000, 50, HOUR },
	{ "tick-ms", offsetof(struct limits, tick_ms), 500, 10, MINUTE },
};
#define COUNT (sizeof(table) / sizeof(table[0]))

static int64_t *
place(struct limits *limits, size_t row)
{
	return (int64_t *)(void *)((char *)limits + table[row].place);
}

static int
set(struct limits *limits, const char *name, const json_t *value, struct err *err)
{
	json_int_t number = json_integer_value(value);

	for (size_t i = 0; i < COUNT; i++) {
		if (!str_eq(table[i].name, name))
			continue;
		if (!json_is_integer(value) || number < table[i].least || number > table[i].most)
			return err_set(err, -EINVAL, "limit %s must be a number from %lld to %lld",
				       name, (long long)table[i].least, (long long)table[i].most);
		*place(limits, i) = number;
		return 0;
	}
	return err_set(err, -EINVAL, "there is no limit called \"%.40s\"", name);
}

int
limits_parse(const json_t *limits, struct limits *ret, struct err *err)
{
	struct limits out;
	const char *name;
	json_t *value;
	int r;

	for (size_t i = 0; i < COUNT; i++)
		*place(&out, i) = table[i].usual;
	json_object_foreach((json_t *)(uintptr_t)limits, name, value) {
		r = set(&out, name, value, err);
		if (r < 0)
			return r;
	}
	*ret = out;
	return 0;
}
