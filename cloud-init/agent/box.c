/* A box around a few lines: see box.h. */
#include "cloud-init/agent/box.h"

#include <string.h>

#define BOX_LEAST 40

static void
rule(struct buf *ret, size_t width)
{
	buf_text(ret, "  +");
	for (size_t i = 0; i < width + 4; i++)
		buf_text(ret, "-");
	buf_text(ret, "+\n");
}

void
box_render(struct buf *ret, const char *const *lines)
{
	size_t width = BOX_LEAST;

	for (size_t i = 0; lines[i]; i++)
		if (strlen(lines[i]) > width)
			width = strlen(lines[i]);
	rule(ret, width);
	for (size_t i = 0; lines[i]; i++)
		buf_format(ret, "  |  %-*s  |\n", (int)width, lines[i]);
	rule(ret, width);
}
