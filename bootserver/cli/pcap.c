/* `bootserver pcap`: the last DHCP packets of one machine, as a file for tcpdump or Wireshark. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

static int
write_out(const struct cli *cli, const char *to, const void *bytes, size_t len)
{
	struct err err;
	char *path;
	int r;

	if (to == NULL)
		return file_write_all(STDOUT_FILENO, bytes, len) < 0 ?
		       cli_fail(CLI_FAULT, "cannot write: %s", strerror(errno)) : CLI_GOOD;
	path = cli_path(cli, to);
	r = file_write((struct file_new){ AT_FDCWD, path, 0644 }, bytes, len, &err);
	free(path);
	return r < 0 ? cli_fail_err(&err) : CLI_GOOD;
}

int
cli_pcap(struct cli *cli, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL, *to = argc > 2 ? argv[2] : NULL;
	json_t *answer = NULL;
	void *bytes = NULL;
	size_t len;
	char *path;
	int code;

	if (argc < 2 || argc > 3 || name[0] == '-')
		return cli_usage(cli, "pcap takes one machine, and the file to write");
	if (to == NULL && isatty(STDOUT_FILENO))
		return cli_usage(cli, "name a file, or send the output into one");
	path = cli_api_machine(name, "/pcap");
	if (!path)
		return CLI_FAULT;
	code = cli_api(cli, "GET", path, NULL, &answer);
	free(path);
	if (code != CLI_GOOD)
		return code;
	if (json_bytes(answer, "pcap", &bytes, &len) < 0)
		code = cli_fail(CLI_FAULT, "the server's answer holds no packets");
	else
		code = write_out(cli, to, bytes, len);
	free(bytes);
	json_decref(answer);
	return code;
}
