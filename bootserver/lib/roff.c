/*
 * The little of roff that our manual pages need: groff_man(7), groff_char(7).
 */
#include "lib/roff.h"

#include <string.h>

/* What stands for one sign; NULL: itself. */
static const char *
escape(char sign, bool first)
{
	switch (sign) {
	case '\\': return "\\e";
	case '-': return "\\-";
	case '"': return "\\(dq";
	case '^': return "\\(ha";
	case '~': return "\\(ti";
	case '`': return "\\(ga";
	case '.': return first ? "\\&." : NULL;
	case '\'': return first ? "\\&\\(aq" : "\\(aq";
	}
	return NULL;
}

/* A sign of several bytes of UTF-8 by its number; returns how many more bytes it has. */
static size_t
wide(struct buf *buf, const char *text, size_t len)
{
	unsigned char first = (unsigned char)text[0];
	size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	unsigned number = first & (0x3fu >> more);

	if (more >= len)
		more = len - 1;
	for (size_t i = 1; i <= more; i++)
		number = number << 6 | ((unsigned char)text[i] & 0x3f);
	buf_format(buf, "\\[u%04X]", number);
	return more;
}

void
roff_text(struct buf *buf, const char *text, size_t len)
{
	bool first = buf->len == 0 || buf->text[buf->len - 1] == '\n';

	for (size_t i = 0; i < len; i++) {
		const char *instead = escape(text[i], first);

		first = text[i] == '\n';
		if (instead)
			buf_text(buf, instead);
		else if ((unsigned char)text[i] >= 0x80)
			i += wide(buf, text + i, len - i);
		else
			buf_add(buf, &text[i], 1);
	}
}

void
roff_macro(struct buf *buf, const char *macro, const char *text)
{
	buf_format(buf, ".%s", macro);
	if (text) {
		buf_text(buf, " \"");
		roff_text(buf, text, strlen(text));
		buf_text(buf, "\"");
	}
	buf_text(buf, "\n");
}

void
roff_line(struct buf *buf, const char *text)
{
	roff_text(buf, text, strlen(text));
	buf_text(buf, "\n");
}

void
roff_verbatim(struct buf *buf, const char *text)
{
	buf_text(buf, ".PP\n.nf\n");
	roff_text(buf, text, strlen(text));
	if (buf->text[buf->len - 1] != '\n')
		buf_text(buf, "\n");
	buf_text(buf, ".fi\n");
}
