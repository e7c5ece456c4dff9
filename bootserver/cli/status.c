/*
 * `bootserver status`: the machines as a table.  With -w it stays: on a terminal the table is drawn
 * again in place, elsewhere each event is a line.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/cluster.h"
#include "cli/table.h"
#include "lib/clock.h"
#include "lib/json.h"

#define REDRAW_MS 250		/* between two drawings, or twenty times what asking took */

static volatile sig_atomic_t stopped;

static void
on_stop(int number)
{
	(void)number;
	stopped = 1;
}

static void
look_at_terminal(struct table_look *look)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	setlocale(LC_CTYPE, "");
	look->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	look->colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	look->width = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		look->width = size.ws_col;
	else if (columns && atoi(columns) > 0)
		look->width = (size_t)atoi(columns);
	else if (isatty(STDOUT_FILENO))
		look->width = 80;
}

/* The table, and what a person should know of the cluster below it. */
static int
ask_and_format(struct cli *cli, const struct table_look *look, struct buf *text)
{
	json_t *machines = NULL, *cluster = NULL;
	int code = cli_api(cli, "GET", "/v1/machines", NULL, &machines);

	if (code == CLI_GOOD)
		code = cli_api(cli, "GET", "/v1/cluster", NULL, &cluster);
	if (code == CLI_GOOD) {
		table_machines(machines, look, text);
		cluster_lines(cluster, text);
	}
	json_decref(cluster);
	json_decref(machines);
	return code;
}

static int
show_json(struct cli *cli)
{
	json_t *machines = NULL;
	int code = cli_api(cli, "GET", "/v1/machines", NULL, &machines);

	if (code == CLI_GOOD)
		cli_api_print(machines);
	json_decref(machines);
	return code;
}

static int
show_once(struct cli *cli)
{
	struct table_look look = { .now_ms = clock_now_ms() };
	struct buf text;
	int code;

	if (cli->json)
		return show_json(cli);
	look_at_terminal(&look);
	buf_init(&text);
	code = ask_and_format(cli, &look, &text);
	fputs(text.text, stdout);
	buf_fini(&text);
	return code;
}

/* How many machines fit on the screen. */
static size_t
screen_rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 6)
		return 20;
	return size.ws_row - 4u;
}

/* Draws over what was drawn before: up, each line wiped at its end, the rest of the screen too. */
static void
draw(const struct buf *text, size_t *lines)
{
	struct buf out;

	buf_init(&out);
	if (*lines)
		buf_format(&out, "\033[%zuA\r", *lines);
	*lines = 0;
	for (const char *c = text->text; *c; c++) {
		if (*c == '\n') {
			buf_text(&out, "\033[K");
			(*lines)++;
		}
		buf_add(&out, c, 1);
	}
	buf_text(&out, "\033[J");
	fputs(out.text, stdout);
	fflush(stdout);
	buf_fini(&out);
}

static void
rest(int64_t ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static int
watch_screen(struct cli *cli)
{
	size_t lines = 0;
	int code = CLI_GOOD;

	fputs("\033[?25l", stdout);
	while (!stopped && code == CLI_GOOD) {
		struct table_look look = { .rows = screen_rows(), .now_ms = clock_now_ms() };
		int64_t before = clock_mono_ms(), took;
		struct buf text;

		look_at_terminal(&look);
		buf_init(&text);
		code = ask_and_format(cli, &look, &text);
		if (code == CLI_GOOD)
			draw(&text, &lines);
		buf_fini(&text);
		took = clock_mono_ms() - before;
		rest(20 * took > REDRAW_MS ? 20 * took : REDRAW_MS);
	}
	fputs("\033[?25h", stdout);
	return stopped ? CLI_GOOD : code;
}

static int
print_event(void *arg, const json_t *event)
{
	const char *text = json_str(event, "text", ""), *state = json_str(event, "state", "");
	time_t at = (time_t)(json_num(event, "at_ms", 0) / 1000);
	const struct cli *cli = arg;
	struct tm parts;
	char time[16];

	if (cli->json) {
		char *line = json_dumps(event, JSON_COMPACT | JSON_SORT_KEYS);

		puts(line);
		free(line);
	} else if (strcmp(state, "progress") != 0) {
		localtime_r(&at, &parts);
		strftime(time, sizeof(time), "%H:%M:%S", &parts);
		printf("%s  %-12s %-8s %-6s%s%s\n", time, json_str(event, "machine", ""),
		       json_str(event, "phase", ""), state, text[0] ? " " : "", text);
	}
	fflush(stdout);
	return stopped || ferror(stdout);
}

static int
watch(struct cli *cli)
{
	struct sigaction stop = { .sa_handler = on_stop };

	if (!isatty(STDOUT_FILENO) || cli->json)
		return cli_api_events(cli, print_event, cli);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	return watch_screen(cli);
}

int
cli_status(struct cli *cli, int argc, char **argv)
{
	bool stay = false;

	for (int at = 1; at < argc; at++) {
		if (strcmp(argv[at], "-w") != 0)
			return cli_usage(cli, "status takes no \"%s\"", argv[at]);
		stay = true;
	}
	return stay ? watch(cli) : show_once(cli);
}
