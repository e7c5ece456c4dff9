/* The machine's console: the one thing of stage 1 a person sees. */
#include "images/stage1/console.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "lib/clock.h"

#define LINE_MAX_BYTES 1024
#define KLOG_CONSOLE_LEVEL 8	/* syslog(2): SYSLOG_ACTION_CONSOLE_LEVEL */
#define KLOG_ERRORS 4		/* lines more urgent than a warning still show */

static bool to_kmsg;

void
console_open(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	to_kmsg = fd < 0;
	if (fd < 0)
		fd = open("/dev/kmsg", O_WRONLY);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	if (!to_kmsg)
		klogctl(KLOG_CONSOLE_LEVEL, NULL, KLOG_ERRORS);
}

/* One write a line, so that lines of other processes do not fall into it. */
static void
put(const char *line, int len)
{
	if (len <= 0)
		return;
	size_t left = (size_t)len < LINE_MAX_BYTES ? (size_t)len : LINE_MAX_BYTES - 1;
	while (left > 0) {
		ssize_t n = write(STDOUT_FILENO, line, left);
		if (n <= 0)
			return;
		line += n;
		left -= (size_t)n;
	}
}

void
console_line(const char *what, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES - 64], line[LINE_MAX_BYTES];
	int64_t now = clock_mono_ms();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(line, snprintf(line, sizeof(line), "%sstage1: %5lld.%lld s  %-9s %s\n",
			   to_kmsg ? "<5>" : "", (long long)(now / 1000),
			   (long long)(now % 1000 / 100), what, text));
}

void
console_rule(void)
{
	console_line("--------", "------------------------------------------------------");
}
