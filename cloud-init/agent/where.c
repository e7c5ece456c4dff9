/* Where things lie: see where.h. */
#include "cloud-init/agent/where.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"

static const char *root = "";

void
where_root_set(const char *prefix)
{
	root = prefix;
}

static void __attribute__((format(printf, 2, 0)))
join(char ret[WHERE_MAX], const char *fmt, va_list ap)
{
	int n = snprintf(ret, WHERE_MAX, "%s", root);

	if (n >= 0 && n < WHERE_MAX)
		vsnprintf(ret + n, (size_t)(WHERE_MAX - n), fmt, ap);
}

const char *
where(char ret[WHERE_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	join(ret, fmt, ap);
	va_end(ap);
	return ret;
}

char *
where_text(const char *fmt, ...)
{
	char path[WHERE_MAX], *text;
	struct err ignored;
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	join(path, fmt, ap);
	va_end(ap);
	if (file_read(AT_FDCWD, path, &text, &len, &ignored) < 0)
		return NULL;
	while (len > 0 && (isspace((unsigned char)text[len - 1]) || !text[len - 1]))
		text[--len] = '\0';
	return text;
}

int
where_write(const char *path, mode_t mode, const char *text, struct err *err)
{
	char full[WHERE_MAX];

	return file_write((struct file_new){ AT_FDCWD, where(full, "%s", path), mode }, text,
			  strlen(text), err);
}

bool
where_is(const char *path)
{
	char full[WHERE_MAX];

	return access(where(full, "%s", path), F_OK) == 0;
}

bool
where_trial(void)
{
	return root[0] != '\0';
}

bool
where_systemd(void)
{
	return where_is("/run/systemd/system");
}
