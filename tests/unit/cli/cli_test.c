/* The command line as a person meets it: help, exit statuses, init, check, image. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "lib/file.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "tests/unit/cli/program.h"
#include "tests/unit/sitedir/folder.h"

static struct run r;

static void
help(void **state)
{
	char *words;

	(void)state;
	must(&r, "--help", 0);
	for (const struct cli_command *c = cli_commands; c->name; c++) {
		if (!strstr(r.out, c->help))
			fail_msg("--help does not tell of %s", c->name);
	}
	for (const struct cli_command *c = cli_commands; c->name; c++) {
		words = str_format("%s --help", c->name);
		must(&r, words, 0);
		free(words);
		words = str_format("usage: bootserver %s", c->name);
		if (strncmp(r.out, words, strlen(words)) != 0 || r.err[0])
			fail_msg("%s --help:\n%s", c->name, r.out);
		free(words);
	}
}

static void
usage(void **state)
{
	static const struct {
		const char *words, *says;
	} rows[] = {
		{ "", "usage: bootserver" },
		{ "chek", "did you mean \"check\"?" },
		{ "frobnicate", "`bootserver --help` lists them" },
		{ "-x", "no option -x" },
		{ "-C", "-C needs the site directory" },
		{ "check extra", "usage: bootserver check" },
		{ "version extra", "usage: bootserver version" },
		{ "init --name", "--name needs a value" },
		{ "reimage --rack=", "--rack needs a value" },
		{ "init --name Not_A_Label", "--name Not_A_Label" },
		{ "init --address 10.9.0.1", "--address 10.9.0.1" },
		{ "init --colour red", "init does not know \"--colour\"" },
		{ "image", "add, ls, verify, rm or gc" },
		{ "image frob", "no \"image frob\"" },
		{ "image add", "takes the folder of one built image" },
		{ "image rm edge", "takes one NAME@GENERATION" },
		{ "kubeconfig --hours 8761", "--hours 8761: 1 to 8760" },
		{ "identify n1 --seconds 0", "--seconds takes a number from 1" },
		{ "probe --interface x --seconds 3601", "--seconds takes 1 to 3600" },
		{ "probe --interface x --seconds 18446744073709552", "--seconds takes 1 to 3600" },
		{ "image verify @", "no NAME or NAME@GENERATION" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		must(&r, rows[i].words, 2);
		if (!strstr(r.err, rows[i].says) || r.out[0])
			fail_msg("`%s`: %s%s", rows[i].words, r.out, r.err);
	}
}

/* What is typed as a machine becomes part of a path of the API: of no other. */
static void
machines_typed(void **state)
{
	static const char *const no[] = { ".", "..", ".n1", "n1/../n2", "n%31", "n1?x", "n1#", "é",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	char *words;

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		words = str_format("plan %s local", no[i]);
		must(&r, words, 1);
		free(words);
		if (!strstr(r.err, "is no name, MAC address or code of a machine"))
			fail_msg("%s: %s", no[i], r.err);
	}
	must(&r, "plan 5254.0000.0001 local", 1);
	assert_non_null(strstr(r.err, "the boot server does not run"));
}

static void
version(void **state)
{
	(void)state;
	must(&r, "version", 0);
	assert_string_equal(r.out, "bootserver test\n");
	must(&r, "--version", 0);
	assert_string_equal(r.out, "bootserver test\n");
}

/* Names, modes and contents of all that is in a folder, as text. */
static char *
snapshot(const char *folder)
{
	char *command = str_format("cd %s && find . -printf '%%p %%m %%T@\\n' | sort && "
				   "find . -type f -print0 | sort -z | xargs -0 sha256sum", folder);
	FILE *pipe = popen(command, "r");
	struct buf buf;
	char line[512];

	buf_init(&buf);
	while (fgets(line, sizeof(line), pipe))
		buf_text(&buf, line);
	assert_int_equal(pclose(pipe), 0);
	free(command);
	return buf.text;
}

static void
init_twice(void **state)
{
	char *before, *after;

	(void)state;
	must(&r, "-C deep/site init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	assert_string_equal(r.err, "");
	before = snapshot("deep/site");
	assert_non_null(strstr(before, "./pki/ca.key 600 "));
	assert_non_null(strstr(before, "./site.yaml 644 "));
	must(&r, "-C deep/site check", 0);
	assert_string_equal(r.out, "");
	assert_string_equal(r.err, "");
	must(&r, "-C deep/site init", 0);
	assert_string_equal(r.out, "");
	assert_string_equal(r.err, "");
	must(&r, "-C deep/site init --name other --address 10.8.0.1/24", 0);
	assert_non_null(strstr(r.err, "site.yaml is there already"));
	after = snapshot("deep/site");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void
init_adds_what_is_missing(void **state)
{
	struct stat st;
	char *before, *after;
	struct err err;

	(void)state;
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	put("s/site.yaml", "site: {name: mine}\nserver: {interface: eno2, address: 10.7.0.1/24}\n");
	assert_int_equal(file_read(AT_FDCWD, "s/pki/ca.crt", &before, NULL, &err), 0);
	assert_int_equal(unlink("s/pki/engine.crt"), 0);
	assert_int_equal(rmdir("s/machines.d"), 0);
	must(&r, "-C s init", 0);
	assert_int_equal(stat("s/pki/engine.crt", &st), 0);
	assert_int_equal(stat("s/machines.d", &st), 0);
	assert_int_equal(file_read(AT_FDCWD, "s/pki/ca.crt", &after, NULL, &err), 0);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_int_equal(file_read(AT_FDCWD, "s/site.yaml", &after, NULL, &err), 0);
	assert_non_null(strstr(after, "mine"));
	free(after);
}

static void
init_of_a_bad_site(void **state)
{
	(void)state;
	assert_int_equal(mkdir("s", 0755), 0);
	put("s/site.yaml", "site: {name: lab}\n");
	must(&r, "-C s init", 1);
	assert_non_null(strstr(r.err, "site.yaml:1:1: error: server is missing"));
	must(&r, "-C t init --interface eno1 --address 10.9.0.1/31", 1);
	assert_non_null(strstr(r.err, "no room for machines"));
	assert_int_not_equal(access("t/site.yaml", F_OK), 0);
}

/* What would be no good site file is not written, so that a second `init` can do better. */
static void
init_writes_no_bad_site(void **state)
{
	static const struct {
		const char *address, *says;
	} rows[] = {
		{ "10.9.0.0/24", "the address of the subnet itself" },
		{ "10.9.0.255/24", "the subnet's broadcast address" },
		{ "10.9.0.1/7", "from /8 to /30" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "239.1.2.3/24", "no machine's address" },
		{ "0.1.2.3/24", "no machine's address" },
		{ "255.255.255.254/24", "no machine's address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *words = str_format("-C s init --interface eno1 --address %s",
					 rows[i].address);

		must(&r, words, 1);
		if (!strstr(r.err, rows[i].says) || r.out[0])
			fail_msg("%s: %s%s", rows[i].address, r.out, r.err);
		assert_int_not_equal(access("s/site.yaml", F_OK), 0);
		free(words);
	}
	must(&r, "-C s init --interface &x --address 10.9.0.1/24", 1);
	assert_int_not_equal(access("s/site.yaml", F_OK), 0);
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
}

/* Names that YAML could take for something else. */
static void
init_of_odd_names(void **state)
{
	static const char *const names[] = { "null", "true", "no", "1e3", "0x10", "123" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *words = str_format("-C %s init --interface %s --address 10.9.0.1/24",
					 names[i], names[i]);

		must(&r, words, 0);
		free(words);
		words = str_format("-C %s check", names[i]);
		must(&r, words, 0);
		assert_string_equal(r.err, "");
		free(words);
	}
}

static void
check_tells_all(void **state)
{
	(void)state;
	put("site.yaml", "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24}\n"
	    "dhcp: {range: 10.9.0.100-10.9.0.199}\nimage: edge\nracks: {}\n"
	    "machines: [{name: n1, mac: 52:54:00:00:00:01, rack: r1}]\n");
	must(&r, "check", 1);
	assert_string_equal(r.out, "");
	assert_string_equal(r.err,
		"site.yaml:4:8: warning: the store holds no image yet: `bootserver image add FOLDER"
		"` brings \"edge\" in\n"
		"site.yaml:5:1: error: racks must be a list (lines that begin with \"-\"), not a "
		"mapping\n"
		"site.yaml:6:53: error: there is no rack \"r1\": add it under racks\n");
	must(&r, "-C nowhere check", 1);
	assert_non_null(strstr(r.err, "site directory nowhere"));
	unlink("site.yaml");
	must(&r, "check", 1);
	assert_non_null(strstr(r.err, "there is no site.yaml here"));
}

/* A built amd64 image in `folder`; `more`: a further part's members, all but those that the others
 * have too. */
static void
build_with(const char *folder, const char *name, const char *content, const char *more)
{
	char sum[SHA256_TEXT], *path, *text, *part;

	mkdir(folder, 0755);
	sha256_text(sum, content, strlen(content));
	path = str_format("%s/%s", folder, sum);
	put(path, content);
	free(path);
	part = !more ? str_dup("") :
		str_format(",{%s, \"arch\": \"amd64\", \"sha256\": \"%s\", \"size\": %zu}",
			   more, sum, strlen(content));
	text = str_format(
		"{\"schema\": 1, \"name\": \"%s\", \"version\": \"7\", \"parts\": [{\"part\": "
		"\"kernel\", \"arch\": \"amd64\", \"sha256\": \"%s\", \"size\": %zu},{\"part\": "
		"\"initrd\", \"arch\": \"amd64\", \"sha256\": \"%s\", \"size\": %zu}%s]}",
		name, sum, strlen(content), sum, strlen(content), part);
	path = str_format("%s/manifest.json", folder);
	put(path, text);
	free(path);
	free(part);
	free(text);
}

static void
build(const char *folder, const char *name, const char *content)
{
	build_with(folder, name, content, NULL);
}

/* One file that cannot be read hides nothing of the others, nor do errors what the store lacks. */
static void
check_goes_on(void **state)
{
	(void)state;
	build("one", "edge", "one");
	must(&r, "image add one", 1);
	put("site.yaml", "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24}\n"
	    "dhcp: {range: 10.9.0.100-10.9.0.199}\nimage: edgy\n"
	    "rules: [{match: {bay: a}, approve: true}]\n"
	    "machines: [{name: n1, mac: 52:54:00:00:00:01, image: edge}]\n");
	must(&r, "init", 0);
	must(&r, "image add one", 0);
	assert_int_equal(mkdir("machines.d/d.yaml", 0755), 0);
	assert_int_equal(mkfifo("machines.d/f.yaml", 0600), 0);
	assert_int_equal(symlink("nowhere", "machines.d/l.yaml"), 0);
	put("machines.d/n.yaml", "machines: [{name: n2, mac: 52:54:00:00:00:01, arch: arm64, "
	    "image: edge, roles: dpu, host: n7}]\n");
	put("machines.d/y.yaml", "\377");
	must(&r, "check", 1);
	assert_string_equal(r.err,
		"site.yaml:4:8: error: there is no image \"edgy\" in the store: `bootserver image "
		"ls` lists those there are\n"
		"machines.d/d.yaml:1:1: error: cannot open machines.d/d.yaml: Is a directory\n"
		"machines.d/f.yaml:1:1: error: cannot open machines.d/f.yaml: not a regular file\n"
		"machines.d/l.yaml:1:1: error: cannot open machines.d/l.yaml: No such file or "
		"directory\n"
		"machines.d/n.yaml:1:28: error: the MAC address 52:54:00:00:00:01 is already "
		"that of n1 (site.yaml, line 6)\n"
		"machines.d/n.yaml:1:67: error: image edge@1 has no arm64 part\n"
		"machines.d/y.yaml:1:1: error: the byte 0xff is no text: files are written in "
		"UTF-8\n");
}

/* The folder of machines is there and yet cannot be read: no reason to forget them all. */
static void
check_of_no_folder(void **state)
{
	(void)state;
	put("site.yaml", "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24}\n"
	    "ports: 1\nimage: edge\n");
	assert_int_equal(symlink("nowhere", "machines.d"), 0);
	must(&r, "check", 1);
	assert_string_equal(r.err,
		"site.yaml:3:1: error: no key \"ports\" is known here\n"
		"machines.d:1:1: error: cannot read the folder machines.d: No such file or "
		"directory\n");
	unlink("machines.d");
	assert_int_equal(mkdir("machines.d", 0755), 0);
	unlink("site.yaml");
	assert_int_equal(symlink("nowhere", "site.yaml"), 0);
	put("machines.d/n.yaml", "racks: []\n");
	must(&r, "check", 1);
	assert_string_equal(r.err,
		"site.yaml:1:1: error: cannot open site.yaml: No such file or directory\n"
		"machines.d/n.yaml:1:1: error: racks belongs in the site file: here only machines "
		"may stand\n");
	must(&r, "init", 1);
}

static void
check_warns(void **state)
{
	(void)state;
	put("site.yaml", "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24}\n"
	    "dhcp: {range: 10.9.0.100-10.9.0.199}\nimage: edge\n"
	    "machines: [{name: n1, mac: 52:54:00:00:00:01}]\n");
	must(&r, "check", 0);
	assert_string_equal(r.err,
			    "site.yaml:4:8: warning: the store holds no image yet: `bootserver "
			    "image add FOLDER` brings \"edge\" in\n");
}

/* Folders that other users than root read are theirs to read, whatever the umask. */
static void
init_under_a_strict_umask(void **state)
{
	mode_t before = umask(077);
	char *made;

	(void)state;
	build("one", "edge", "one");
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	must(&r, "-C s image add one", 0);
	umask(before);
	made = snapshot("s");
	assert_non_null(strstr(made, "./store/images 755 "));
	assert_non_null(strstr(made, "./store/images/edge 755 "));
	assert_non_null(strstr(made, "./state 700 "));
	assert_non_null(strstr(made, "./pki/ca.key 600 "));
	free(made);
}

/* The further parts are looked at by the container images that they say they hold. */
static void
check_looks_into_parts(void **state)
{
	(void)state;
	build_with("one", "edge", "one",
		   "\"part\": \"kube\", \"version\": \"v1.36.4\", \"images\": "
		   "[\"bootserver.local/kube-proxy:v1.36.4\", \"bootserver.local/etcdctl:1\"]");
	build_with("two", "edge", "two",
		   "\"part\": \"kube\", \"version\": \"v1.36.4\", \"images\": "
		   "[\"bootserver.local/kube-apiserver:v1.36.4\", \"bootserver.local/etcd:3.5\"]");
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	put("s/machines.d/n1.yaml", "machines: [{name: n1, mac: 52:54:00:00:00:01, roles: "
				    "[control-plane]}]\n");
	must(&r, "-C s image add one", 0);
	must(&r, "-C s check", 1);
	assert_non_null(strstr(r.err, "image edge@1 has what a worker runs, not what a control"));
	must(&r, "-C s image add two", 0);
	must(&r, "-C s check", 0);
	assert_string_equal(r.err, "");
}

/* A FIFO gives no byte until somebody writes to it: nothing waits for that. */
static void
no_regular_file(void **state)
{
	(void)state;
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	assert_int_equal(mkfifo("s/store/images/fifo", 0600), 0);	/* no folder of an image */
	must(&r, "-C s image ls", 0);
	unlink("s/site.yaml");
	assert_int_equal(mkfifo("s/site.yaml", 0600), 0);
	alarm(20);
	must(&r, "-C s check", 1);
	assert_non_null(strstr(r.err, "cannot open site.yaml: not a regular file"));
	must(&r, "-C s export dhcp", 1);
	must(&r, "-C s init", 1);
	alarm(0);
}

static void
images(void **state)
{
	(void)state;
	build("one", "edge", "one");
	build("two", "edge", "two");
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	must(&r, "-C s image ls", 0);
	assert_string_equal(r.out, "");
	must(&r, "-C s image ls --json", 0);
	assert_string_equal(r.out, "[]\n");
	must(&r, "-C s image add one", 0);		/* relative to where the person stands */
	assert_string_equal(r.out, "edge@1\n");
	must(&r, "-C s image add two", 0);
	assert_string_equal(r.out, "edge@2\n");
	must(&r, "-C s image add one", 0);
	assert_string_equal(r.out, "edge@1\n");
	assert_non_null(strstr(r.err, "already"));
	must(&r, "-C s image ls", 0);
	assert_non_null(strstr(r.out, "edge@2"));
	must(&r, "-C s image ls --json", 0);
	assert_non_null(strstr(r.out, "\"generation\":2"));
	must(&r, "-C s image verify", 0);
	assert_non_null(strstr(r.out, "edge@1 good, signed by bootserver engine lab\n"));
	must(&r, "-C s image verify edge@9", 1);
	must(&r, "-C s image add nowhere", 1);
	must(&r, "-C s image rm edge@2", 0);
	must(&r, "-C s image rm edge@2", 1);
	assert_non_null(strstr(r.err, "there is no image edge@2"));
}

/* As a script says it whose variable is empty. */
static void
empty_folder(void **state)
{
	char words[] = "bootserver", *argv[] = { words, (char[]){ "image" }, (char[]){ "add" },
						 (char[]){ "" }, NULL };

	(void)state;
	build(".", "edge", "here");
	assert_int_equal(cli_main(4, argv, NULL), 2);
}

/* The last image that a machine of the site file boots stays. */
static void
image_in_use(void **state)
{
	(void)state;
	build("one", "edge", "one");
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	must(&r, "-C s image add one", 0);
	must(&r, "-C s image rm edge@1", 0);	/* nobody's */
	must(&r, "-C s image add one", 0);
	assert_string_equal(r.out, "edge@2\n");
	put("s/machines.d/n1.yaml", "machines: [{name: n1, mac: 52:54:00:00:00:01}]\n");
	must(&r, "-C s check", 0);
	assert_string_equal(r.err, "");
	must(&r, "-C s image rm edge@2", 1);
	assert_non_null(strstr(r.err, "edge@2 is needed: n1 boots it next;"));
	put("s/machines.d/n1.yaml",
	    "machines: [{name: n1, mac: 52:54:00:00:00:01, arch: arm64}]\n");
	must(&r, "-C s check", 1);
	assert_string_equal(r.err,
			    "machines.d/n1.yaml:1:53: error: image edge@2, which this machine "
			    "boots, has no arm64 part\n");
	put("s/machines.d/n1.yaml", "machines: []\n");
	build("two", "edge", "two");
	must(&r, "-C s image add two", 0);
	must(&r, "-C s image rm edge@2", 0);
	put("s/machines.d/n1.yaml",
	    "machines: [{name: n1, mac: 52:54:00:00:00:01, image: edge@3}]\n");
	must(&r, "-C s image add one", 0);
	must(&r, "-C s image rm edge@3", 1);	/* named, though there is a newer one */
	put("s/machines.d/n1.yaml", "machines: [{name: n1, mac: 1, image: edge@3}]\n");
	must(&r, "-C s image rm edge@3", 1);	/* who needs it cannot be told */
	assert_non_null(strstr(r.err, "the site's files have faults"));
}

/* What the engine remembered counts while it does not run; parts of no image go. */
static void
image_needed_by_history(void **state)
{
	char orphan[80] = "s/store/sha256/";
	struct stat st;
	sqlite3 *sql;

	(void)state;
	build("one", "edge", "one");
	build("two", "edge", "two");
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	must(&r, "-C s image add one", 0);
	must(&r, "-C s image add two", 0);
	assert_int_equal(sqlite3_open("s/state/bootserver.db", &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql,
		"CREATE TABLE machines (name, last_good, image, generation);"
		"INSERT INTO machines VALUES ('n7', 'edge@1', '', 0);"
		"INSERT INTO machines VALUES ('n8', '', 'edge', 2)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sql);
	must(&r, "-C s image rm edge@1", 1);
	assert_non_null(strstr(r.err, "edge@1 is needed: n7 would fall back to it;"));
	must(&r, "-C s image rm edge@2", 1);
	assert_non_null(strstr(r.err, "edge@2 is needed: n8 is to be reimaged with it;"));

	sha256_text(orphan + strlen(orphan), "an orphan", 9);
	put(orphan, "an orphan");
	must(&r, "-C s image gc", 0);
	assert_int_not_equal(stat(orphan, &st), 0);
	must(&r, "-C s image verify", 0);
}

/* More than the site's limit is refused with the figures. */
static void
image_over_the_limit(void **state)
{
	char *big = malloc(3 << 20);

	(void)state;
	memset(big, 'x', (3 << 20) - 1);
	big[(3 << 20) - 1] = '\0';
	build("big", "edge", big);
	free(big);
	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	put("s/site.yaml", "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24, "
	    "store-limit: 2MiB}\n");
	must(&r, "-C s image add big", 1);
	assert_non_null(strstr(r.err, "server.store-limit is 2 MiB"));
	must(&r, "-C s image ls", 0);
	assert_string_equal(r.out, "");
	put("s/site.yaml", "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24, "
	    "store-limit: 4MiB}\n");
	must(&r, "-C s image add big", 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(help), IN_FOLDER(usage), IN_FOLDER(version),
		IN_FOLDER(machines_typed), IN_FOLDER(init_twice),
		IN_FOLDER(init_adds_what_is_missing), IN_FOLDER(init_of_a_bad_site),
		IN_FOLDER(init_writes_no_bad_site), IN_FOLDER(init_of_odd_names),
		IN_FOLDER(init_under_a_strict_umask),
		IN_FOLDER(check_tells_all), IN_FOLDER(check_goes_on), IN_FOLDER(check_of_no_folder),
		IN_FOLDER(check_warns),
		IN_FOLDER(check_looks_into_parts), IN_FOLDER(no_regular_file),
		IN_FOLDER(images), IN_FOLDER(empty_folder),
		IN_FOLDER(image_in_use),
		IN_FOLDER(image_needed_by_history), IN_FOLDER(image_over_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
