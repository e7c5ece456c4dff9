/* The table of machines: columns, bars and colours of `bootserver status`. */
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "plan/phase.h"

#define BAR 14			/* cells of the bar: one a phase */
#define CELL_MAX 160

enum column {
	NAME, STATE, PHASE, PROGRESS, TIME, NODE, ROLES, LB, STORAGE, IMAGE, ADDRESS, NOTE, COLUMNS
};

static const struct {
	const char *title;
	size_t least, most;	/* columns; most 0: what is left of the line */
	bool spare;		/* not shown when it is empty throughout */
} columns[COLUMNS] = {
	[NAME] = { "NAME", 4, 20 }, [STATE] = { "STATE", 7, 8 }, [PHASE] = { "PHASE", 7, 8 },
	[PROGRESS] = { "PROGRESS", BAR, BAR }, [TIME] = { "TIME", 6, 10 },
	[NODE] = { "NODE", 5, 8, true }, [ROLES] = { "ROLES", 5, 24, true },
	[LB] = { "LB", 7, 18, true }, [STORAGE] = { "STORAGE", 7, 9, true },
	[IMAGE] = { "IMAGE", 5, 20 }, [ADDRESS] = { "ADDRESS", 7, 15 }, [NOTE] = { "", 0, 0 },
};

static const struct {
	const char *state, *colour;
} colours[] = {
	{ "healthy", "\033[32m" }, { "booting", "\033[36m" }, { "waiting", "\033[33m" },
	{ "stalled", "\033[31m" }, { "failed", "\033[31m" }, { "new", "\033[2m" },
	{ "away", "\033[2m" },
};

struct row {
	char cells[COLUMNS][CELL_MAX];
	const char *state;
	double share;		/* of the bar, 0 to 1; < 0: none */
	size_t need;		/* columns of the note that must be seen */
};

void
table_time(char ret[16], int64_t ms)
{
	long long s = ms < 0 ? 0 : ms / 1000;

	if (s < 10)
		snprintf(ret, 16, "%lld.%lld s", s, (long long)(ms < 0 ? 0 : ms / 100 % 10));
	else if (s < 100)
		snprintf(ret, 16, "%lld s", s);
	else if (s < 3600)
		snprintf(ret, 16, "%lld m %02lld s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(ret, 16, "%lld h %02lld m", s / 3600, s / 60 % 60);
	else
		snprintf(ret, 16, "%lld d %lld h", s / 86400 % 100000, s / 3600 % 24);
}

static bool
is_lead(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* How many signs a UTF-8 text has; each takes one column. */
static size_t
signs(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += is_lead(*text);
	return count;
}

void
table_cut(char *text, size_t most)
{
	size_t count = 0;

	for (; *text; text++)
		if (is_lead(*text) && count++ == most) {
			*text = '\0';
			return;
		}
}

/* How far the boot is: a cell a phase, and within a phase that transfers, its share. */
static double
share_of(const json_t *machine)
{
	const json_t *progress = json_object_get(machine, "progress");
	double total = (double)json_num(progress, "total", 0);
	double done = (double)json_num(progress, "done", 0);
	enum phase phase;
	double at;

	if (phase_parse(&phase, json_str(machine, "phase", "")) < 0)
		return -1;
	if (!json_is_null(json_object_get(machine, "healthy_ms")))
		return 1;
	at = phase;
	if (strcmp(json_str(machine, "phase_state", ""), "done") == 0)
		at += 1;
	else if (total > 0 && done <= total)
		at += done / total;
	return at / PHASE_COUNT;
}

bool
table_clock(char ret[40], const json_t *machine)
{
	const json_t *clock = json_object_get(machine, "clock");
	int64_t offset = json_num(clock, "offset_ms", 0);
	int64_t off = offset < 0 ? -offset : offset;

	ret[0] = '\0';
	if (!json_is_object(clock) || off - json_num(clock, "within_ms", 0) < TABLE_CLOCK_MS)
		return false;
	snprintf(ret, 40, "%lld s %s", (long long)(off / 1000), offset < 0 ? "behind" : "ahead");
	return true;
}

/* What a person should read beside the bar; how much of it must not be cut off. */
static size_t
note_of(const json_t *machine, char ret[CELL_MAX])
{
	const char *code = json_str(machine, "code", NULL);
	const char *state = json_str(machine, "state", "");
	const json_t *progress = json_object_get(machine, "progress");
	const char *text = json_str(machine, "text", "");
	double total = (double)json_num(progress, "total", 0);
	char clock[40];

	ret[0] = '\0';
	if (code) {
		snprintf(ret, CELL_MAX, "code %s waits for approval", code);
		return strlen("code ABCD-2345");
	}
	if (strcmp(state, "booting") == 0 && total > 0 &&
	    strcmp(json_str(machine, "phase_state", ""), "begin") == 0)
		snprintf(ret, CELL_MAX, "%3.0f%% of %.0f MB",
			 100 * (double)json_num(progress, "done", 0) / total, total / 1e6);
	else if (strcmp(state, "new") == 0)
		str_copy(ret, CELL_MAX, "not seen yet");
	else if (strcmp(state, "healthy") != 0 && strcmp(state, "booting") != 0)
		str_copy(ret, CELL_MAX, text);
	else if (table_clock(clock, machine))
		snprintf(ret, CELL_MAX, "its clock is %s", clock);
	return 0;
}

/* Healthy: how long the boot took; else how long it has been going on, if we hear of it at all. */
static void
time_of(const json_t *machine, int64_t now_ms, char ret[CELL_MAX])
{
	int64_t begin = json_num(machine, "boot_since_ms", 0);
	int64_t end = json_num(machine, "healthy_ms", now_ms);
	char text[16];

	ret[0] = '\0';
	if (begin <= 0 || strcmp(json_str(machine, "state", ""), "away") == 0)
		return;
	table_time(text, end - begin);
	str_copy(ret, CELL_MAX, text);
}

/* Its part in the cluster: node, roles, addresses it announces, OSDs. */
static void
cluster_of(const json_t *machine, struct row *row)
{
	static const struct {
		const char *role, *word;
	} words[] = { { "control-plane", "cp" }, { "load-balancer", "lb" } };
	const json_t *roles = json_object_get(machine, "roles");
	const json_t *lb = json_object_get(machine, "lb");
	const json_t *storage = json_object_get(machine, "storage");
	const char *state = json_str(json_object_get(machine, "node"), "state", "");
	int64_t osds = json_num(storage, "osds", 0), disks = json_num(storage, "disks", 0);
	size_t addresses = json_array_size(lb), len = 0;

	if (strcmp(state, "none") != 0)
		str_copy(row->cells[NODE], CELL_MAX, state);
	for (size_t i = 0; i < json_array_size(roles); i++) {
		const char *word = json_string_value(json_array_get(roles, i));

		for (size_t w = 0; word && w < 2; w++)
			if (strcmp(word, words[w].role) == 0)
				word = words[w].word;
		if (word && len + strlen(word) + 2 < CELL_MAX)
			len += (size_t)sprintf(row->cells[ROLES] + len, "%s%s", len ? "," : "",
					       word);
	}
	if (addresses > 0)
		str_copy(row->cells[LB], CELL_MAX, json_string_value(json_array_get(lb, 0)));
	if (addresses > 1)
		snprintf(row->cells[LB] + strlen(row->cells[LB]), 24, " +%zu", addresses - 1);
	if (json_is_object(storage))	/* a disk that has no OSD counts as one that is not up */
		snprintf(row->cells[STORAGE], CELL_MAX, "%lld/%lld up",
			 (long long)json_num(storage, "up", 0),
			 (long long)(osds > disks ? osds : disks));
}

static void
fill(struct row *row, const json_t *machine, const struct table_look *look)
{
	row->state = json_str(machine, "state", "");
	row->share = share_of(machine);
	str_copy(row->cells[NAME], CELL_MAX, json_str(machine, "name", ""));
	str_copy(row->cells[STATE], CELL_MAX, row->state);
	str_copy(row->cells[PHASE], CELL_MAX, json_str(machine, "phase", ""));
	time_of(machine, look->now_ms, row->cells[TIME]);
	cluster_of(machine, row);
	str_copy(row->cells[IMAGE], CELL_MAX, json_str(machine, "image", ""));
	str_copy(row->cells[ADDRESS], CELL_MAX, json_str(machine, "ip", ""));
	row->need = note_of(machine, row->cells[NOTE]);
}

/* Eighths of a block where the terminal shows them. */
static void
bar(struct buf *ret, double share, const struct table_look *look)
{
	static const char *const parts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int eighths = share < 0 ? 0 : (int)(share * BAR * 8 + 0.5), cells = eighths / 8;
	int rest = look->utf8 ? eighths % 8 : 0;

	for (int i = 0; i < BAR; i++) {
		if (share < 0)
			buf_text(ret, " ");
		else if (i < cells)
			buf_text(ret, look->utf8 ? "█" : "#");
		else if (i == cells && rest)
			buf_text(ret, parts[rest]);
		else
			buf_text(ret, look->utf8 ? "·" : ".");
	}
}

static void
pad(struct buf *ret, size_t have, size_t want)
{
	for (; have < want; have++)
		buf_text(ret, " ");
}

static void
measure(const struct row *rows, size_t count, size_t widths[COLUMNS])
{
	for (int c = 0; c < COLUMNS; c++) {
		widths[c] = 0;
		for (size_t i = 0; i < count; i++)
			if (signs(rows[i].cells[c]) > widths[c])
				widths[c] = signs(rows[i].cells[c]);
		if (widths[c] == 0 && columns[c].spare)
			continue;
		if (widths[c] < columns[c].least)
			widths[c] = columns[c].least;
		if (columns[c].most && widths[c] > columns[c].most)
			widths[c] = columns[c].most;
	}
}

/* How the line is laid out: columns that a narrow terminal has no room for are left out from the
 * right, and the note gets what is left. */
struct layout {
	size_t widths[COLUMNS];	/* 0: not shown */
	int last;		/* the columns before this one are shown */
	size_t note;
};

/* The place that a column takes with the gap behind it. */
static size_t
span(const struct layout *layout, int column)
{
	return layout->widths[column] ? layout->widths[column] + 2 : 0;
}

static void
fit(struct layout *layout, const struct row *rows, size_t count, size_t width)
{
	size_t used = 0, need = 0;

	layout->last = NOTE;
	layout->note = CELL_MAX;
	if (!width)
		return;
	for (size_t i = 0; i < count; i++)
		need = rows[i].need > need ? rows[i].need : need;
	for (int c = 0; c < NOTE; c++)
		used += span(layout, c);
	/* what must be read goes before address and image, the states before what must be read */
	for (; layout->last > STATE; layout->last--) {
		size_t want = layout->last > TIME ? used + need : used;

		if (want <= width + (need && layout->last > TIME ? 0 : 2))
			break;
		used -= span(layout, layout->last - 1);
	}
	while (layout->last > STATE && layout->widths[layout->last - 1] == 0)
		layout->last--;
	layout->note = (layout->last == NOTE || need) && used < width ? width - used : 0;
}

/* Cuts a note, at a blank if it would be cut within a word. */
static void
cut_note(char *text, size_t columns_left)
{
	char *blank;
	bool whole = signs(text) <= columns_left;

	table_cut(text, columns_left);
	blank = whole ? NULL : strrchr(text, ' ');
	if (blank && blank > text + 4)
		*blank = '\0';
}

static void
print_row(struct buf *ret, struct row *row, const struct layout *layout,
	  const struct table_look *look)
{
	const char *colour = "";
	size_t start = ret->len;

	for (size_t i = 0; look->colour && i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].state, row->state) == 0)
			colour = colours[i].colour;
	for (int c = 0; c < layout->last; c++) {
		bool painted = colour[0] && (c == STATE || c == PROGRESS);

		if (layout->widths[c] == 0)
			continue;
		if (painted)
			buf_text(ret, colour);
		if (c == PROGRESS) {
			bar(ret, row->share, look);
		} else {
			table_cut(row->cells[c], layout->widths[c]);
			buf_text(ret, row->cells[c]);
		}
		if (painted)
			buf_text(ret, "\033[0m");
		pad(ret, c == PROGRESS ? BAR : signs(row->cells[c]), layout->widths[c] + 2);
	}
	cut_note(row->cells[NOTE], layout->note);
	buf_text(ret, row->cells[NOTE]);
	while (ret->len > start && ret->text[ret->len - 1] == ' ')
		ret->text[--ret->len] = '\0';
	buf_text(ret, "\n");
}

static void
print_head(struct buf *ret, const struct layout *layout, const struct table_look *look)
{
	if (look->colour)
		buf_text(ret, "\033[1m");
	for (int c = 0; c < layout->last; c++) {
		if (layout->widths[c] == 0)
			continue;
		buf_text(ret, columns[c].title);
		pad(ret, strlen(columns[c].title),
		    c < layout->last - 1 ? layout->widths[c] + 2 : 0);
	}
	buf_text(ret, look->colour ? "\033[0m\n" : "\n");
}

void
table_machines(const json_t *machines, const struct table_look *look, struct buf *ret)
{
	size_t count = json_array_size(machines), shown = count;
	struct layout layout;
	struct row *rows;

	if (count == 0) {
		buf_text(ret, "no machines yet: put some into site.yaml, or power one on\n");
		return;
	}
	if (look->rows && shown > look->rows)
		shown = look->rows;
	rows = mem_new(shown * sizeof(*rows));
	for (size_t i = 0; i < shown; i++)
		fill(&rows[i], json_array_get(machines, i), look);
	measure(rows, shown, layout.widths);
	fit(&layout, rows, shown, look->width);
	print_head(ret, &layout, look);
	for (size_t i = 0; i < shown; i++)
		print_row(ret, &rows[i], &layout, look);
	if (shown < count)
		buf_format(ret, "and %zu more\n", count - shown);
	free(rows);
}
