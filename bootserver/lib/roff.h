#ifndef LIB_ROFF_H
#define LIB_ROFF_H

#include "lib/str.h"

/* Text for manual pages, in the macros of man(7). */

/* Text with nothing in it that roff would take for its own: backslashes, hyphens that are to be
 * copied, a '.' or "'" where a line begins.  No newline is added. */
void roff_text(struct buf *buf, const char *text, size_t len);

/* A line ".MACRO TEXT"; TEXT in quotes; NULL: none. */
void roff_macro(struct buf *buf, const char *macro, const char *text);

/* A filled line of text. */
void roff_line(struct buf *buf, const char *text);

/* Lines that stay as they are (an example, a file). */
void roff_verbatim(struct buf *buf, const char *text);

#endif
