/* The program's log: see log.h. */
#include "lib/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

static struct {
	const char *who;
	enum log_level most;
	bool journal;
} state = { "bootserver", LOG_LEVEL_INFO, false };

void
log_init(const char *who, enum log_level most)
{
	state.who = who;
	state.most = most;
	state.journal = getenv("JOURNAL_STREAM") != NULL;
}

static const char *
level_word(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR: return "error";
	case LOG_LEVEL_WARN: return "warn";
	case LOG_LEVEL_INFO: return "info";
	case LOG_LEVEL_DEBUG: return "debug";
	}
	return "info";
}

static size_t
prefix(char *ret, size_t size, enum log_level level)
{
	int64_t now = clock_now_ms();
	time_t seconds = now / 1000;
	struct tm tm;
	char when[32];
	int len;

	if (state.journal)
		len = snprintf(ret, size, "<%d>%s: ", (int)level, state.who);
	else {
		gmtime_r(&seconds, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
		len = snprintf(ret, size, "%s.%03dZ %-5s %s: ", when, (int)(now % 1000),
			       level_word(level), state.who);
	}
	return len > 0 ? (size_t)len : 0;
}

/* A line is one write(2): those of several processes do not mix.  Newlines become spaces. */
void
log_line(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	size_t used;
	ssize_t ignored;
	int len;

	if (level > state.most)
		return;
	used = prefix(line, sizeof(line), level);
	va_start(ap, fmt);
	len = vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);
	va_end(ap);
	if (len > 0)
		used += strlen(line + used);
	for (size_t i = 0; i < used; i++)
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	line[used++] = '\n';
	ignored = write(STDERR_FILENO, line, used);
	(void)ignored;
}
