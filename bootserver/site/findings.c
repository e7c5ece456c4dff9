/*
 * The list of what is wrong with a site: collected in any order, handed out in the order of the
 * files.
 */
#include "site/findings.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

/* What a file says may hold anything; a terminal is shown none of it but text. */
static void
clean(char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
			*text = '?';
}

static void
finding_add(struct site_findings *findings, bool error, const struct site_place *place,
	    const char *fmt, va_list ap)
{
	struct site_finding *f;
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	clean(text);
	if ((findings->count & (findings->count - 1)) == 0)	/* grows at each power of two */
		findings->items = mem_grow(findings->items,
					   findings->count ? findings->count * 2 : 1,
					   sizeof(*findings->items));
	f = &findings->items[findings->count++];
	*f = (struct site_finding){
		.error = error, .line = place->line, .column = place->column, .text = text,
		.source = place->file,
	};
	findings->errors += error;
}

void
site_find_error(struct site_findings *findings, const struct site_place *place, const char *fmt,
		...)
{
	va_list ap;

	va_start(ap, fmt);
	finding_add(findings, true, place, fmt, ap);
	va_end(ap);
}

void
site_find_warning(struct site_findings *findings, const struct site_place *place, const char *fmt,
		  ...)
{
	va_list ap;

	va_start(ap, fmt);
	finding_add(findings, false, place, fmt, ap);
	va_end(ap);
}

void
site_find_either(struct site_findings *findings, bool error, const struct site_place *place,
		 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	finding_add(findings, error, place, fmt, ap);
	va_end(ap);
}

void
site_findings_fini(struct site_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].file);
		free(findings->items[i].text);
		free(findings->items[i].excerpt);
	}
	free(findings->items);
	*findings = (struct site_findings){ 0 };
}

char *
site_finding_format(const struct site_finding *finding)
{
	return str_format("%s:%d:%d: %s: %s", finding->file ? finding->file : "site",
			  finding->line ? finding->line : 1, finding->column ? finding->column : 1,
			  finding->error ? "error" : "warning", finding->text);
}

static int
finding_compare(const void *a, const void *b)
{
	const struct site_finding *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* Fills in the excerpts of one file's findings, which stand in the order of their lines. */
static void
excerpts_fill(struct site_finding *items, size_t count, const struct site_source *source)
{
	const char *at = source->text, *end = source->text + source->len;
	int line = 1;

	for (size_t i = 0; i < count; i++) {
		const char *stop;

		for (; line < items[i].line && at < end; line++) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));

			at = newline ? newline + 1 : end;
		}
		if (!items[i].line || at >= end || items[i].excerpt)
			continue;
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		if (stop > at && stop[-1] == '\r')
			stop--;
		items[i].excerpt = str_format("%.*s", (int)(stop - at), at);
		clean(items[i].excerpt);
	}
}

void
site_findings_finish(struct site_findings *findings, char *const *files,
		     const struct site_source *sources)
{
	size_t begin = 0;

	if (findings->count)
		qsort(findings->items, findings->count, sizeof(*findings->items), finding_compare);
	for (size_t i = 0; i < findings->count; i++) {
		struct site_finding *f = &findings->items[i];

		if (f->source >= 0 && !f->file)
			f->file = str_dup(files[f->source]);
	}
	for (size_t end = 0; sources && end <= findings->count; end++) {
		if (end < findings->count &&
		    findings->items[end].source == findings->items[begin].source)
			continue;
		if (begin < end && findings->items[begin].source >= 0)
			excerpts_fill(findings->items + begin, end - begin,
				      &sources[findings->items[begin].source]);
		begin = end;
	}
}
