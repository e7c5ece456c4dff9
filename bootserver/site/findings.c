/*
 * The list of what is wrong with a site: collected in any order, handed out in the order of the
 * files.
 */
#include "site/findings.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/signs.h"

static void
finding_add(struct site_findings *findings, bool error, const struct site_place *place,
	    const char *fmt, va_list ap)
{
	struct site_finding *f;
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	signs_clean(text, '?');	/* a file may hold anything */
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

/* A walk through a file's text, as far as the fault that is to be shown. */
struct walk {
	const char *line_begin, *at, *end;
	int line, column;
};

/* Within one UTF-8 sign. */
static bool
is_inner(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static const char *
next_sign(const char *at, const char *end)
{
	for (at++; at < end && is_inner(*at); at++)
		;
	return at;
}

static const char *
sign_before(const char *at, const char *begin)
{
	for (at--; at > begin && is_inner(*at); at--)
		;
	return at;
}

/* On to the place; of a column behind the line's end, to the end. */
static void
walk_to(struct walk *walk, int line, int column)
{
	while (walk->line < line && walk->at < walk->end) {
		const char *newline = memchr(walk->at, '\n', (size_t)(walk->end - walk->at));

		walk->line_begin = walk->at = newline ? newline + 1 : walk->end;
		walk->line++;
		walk->column = 1;
	}
	while (walk->column < column && walk->at < walk->end && *walk->at != '\n') {
		walk->at = next_sign(walk->at, walk->end);
		walk->column++;
	}
}

/* A line may be a whole file (JSON is YAML), and have a fault in each of its words. */
enum { EXCERPT_SIDE = 100 };	/* signs on either side of the fault */

static void
excerpt_fill(struct site_finding *f, const struct walk *walk)
{
	const char *begin = walk->at, *end = walk->at;
	int before = 0;

	for (; before < EXCERPT_SIDE && begin > walk->line_begin; before++)
		begin = sign_before(begin, walk->line_begin);
	for (int i = 0; i < EXCERPT_SIDE && end < walk->end && *end != '\n'; i++)
		end = next_sign(end, walk->end);
	if (end > begin && end[-1] == '\r')
		end--;
	f->excerpt = str_format("%.*s", (int)(end - begin), begin);
	f->excerpt_column = before + 1;
	signs_clean(f->excerpt, '?');
}

/* Fills in the excerpts of one file's findings, which stand in the order of their places. */
static void
excerpts_fill(struct site_finding *items, size_t count, const struct site_source *source)
{
	struct walk walk = { source->text, source->text, source->text + source->len, 1, 1 };

	for (size_t i = 0; i < count; i++) {
		walk_to(&walk, items[i].line, items[i].column);
		if (items[i].line && walk.line_begin < walk.end && !items[i].excerpt)
			excerpt_fill(&items[i], &walk);
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

		if (f->source < 0 || f->file)
			continue;
		f->file = str_dup(files[f->source]);
		signs_clean(f->file, '?');
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
