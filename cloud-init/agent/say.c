/* A line on the console: see say.h. */
#include "cloud-init/agent/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/log.h"

void
say(const char *what, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("agent: %5.1f s  %-8s %s\n", (double)clock_mono_ms() / 1000, what, text);
	fflush(stdout);
	if (getenv("JOURNAL_STREAM"))
		log_info("%s: %s", what, text);
}
