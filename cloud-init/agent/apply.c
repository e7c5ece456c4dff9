/* The cluster's objects, by kubectl: see apply.h. */
#include "cloud-init/agent/apply.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "cloud-init/agent/aside.h"
#include "cloud-init/agent/away.h"
#include "cloud-init/agent/child.h"
#include "cloud-init/agent/place.h"
#include "cloud-init/agent/taint.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define ADMIN APPLY_ADMIN
#define FOLDER WHERE_RUN "/objects"
#define APPLY_MS (5 * 60000)
#define WAIT_MS (2 * 60000)
#define WAIT_WORDS "--timeout=60s"
#define ARGS_MOST 64

struct args {
	const char *argv[ARGS_MOST + 1];
	size_t count;
	char *owned[ARGS_MOST];
	size_t nowned;
};

static void
add(struct args *args, const char *word)
{
	if (args->count < ARGS_MOST)
		args->argv[args->count++] = word;
}

static void
add_owned(struct args *args, char *word)
{
	if (args->nowned == ARGS_MOST) {
		free(word);
		return;
	}
	args->owned[args->nowned++] = word;
	add(args, word);
}

static void
args_fini(struct args *args)
{
	for (size_t i = 0; i < args->nowned; i++)
		free(args->owned[i]);
}

static void
pause_ms(int64_t ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

void
apply_rest(unsigned int tries)
{
	pause_ms(tries < 4 ? 1000 << tries : 10000);
}

/* The path of a stage's file: one that the engine placed, or one of a part's manifests. */
static char *
file_path(const char *name)
{
	static const char *const parts[] = { "kube", "ceph" };
	char path[WHERE_MAX];

	if (place_allowed(name))
		return str_dup(where(path, "%s", name));
	for (size_t i = 0; !strchr(name, '/') && i < sizeof(parts) / sizeof(*parts); i++) {
		where(path, WHERE_RUN "/%s/manifests/%s", parts[i], name);
		if (access(path, F_OK) == 0)
			return str_dup(path);
	}
	return NULL;
}

/* The two sources of a stage's objects: 1 with their arguments, 0: there are none. */
static int
add_files(struct args *args, const json_t *stage, struct err *err)
{
	json_t *files = json_object_get(stage, "files"), *file;
	char *path;
	size_t i;

	json_array_foreach(files, i, file) {
		path = json_is_string(file) ? file_path(json_string_value(file)) : NULL;
		if (!path)
			return err_set(err, -ENOENT, "no part has the manifest %.100s",
				       json_is_string(file) ? json_string_value(file) : "?");
		add(args, "-f");
		add_owned(args, path);
	}
	return json_array_size(files) > 0;
}

/* The stage's own objects, as a file. */
static int
add_text(struct args *args, const json_t *stage, struct err *err)
{
	const char *text = json_str(stage, "text", ""), *name = json_str(stage, "name", "");
	char path[WHERE_MAX];
	int r;

	if (!text[0])
		return 0;
	r = file_mkdirs(AT_FDCWD, where(path, FOLDER), 0700, err);
	if (r == 0)
		r = file_update((struct file_new){ AT_FDCWD, where(path, FOLDER "/%s.yaml", name),
						   0600 }, text, strlen(text), err);
	if (r < 0)
		return r;
	add(args, "-f");
	add_owned(args, str_dup(path));
	return 1;
}

static void
add_apply(struct args *args, bool once)
{
	static const char *const words[][8] = {
		{ "kubectl", ADMIN, "apply", "--server-side", "--force-conflicts", "-o", "name" },
		{ "kubectl", ADMIN, "create", "-o", "name" },
	};

	for (size_t i = 0; words[once][i]; i++)
		add(args, words[once][i]);
}

/* Everything that `kubectl create` complains of is that something is there already. */
static bool
is_there(const char *text)
{
	const char *end;
	size_t len;

	for (; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		len = (size_t)(end - text);
		if (len >= 5 && strncasecmp(text, "error", 5) == 0 &&
		    !memmem(text, len, "(AlreadyExists)", 15))
			return false;
	}
	return true;
}

int
apply_parse(json_t **ret, const char *text, struct err *err)
{
	const char *at = text[0] == '{' ? text : strstr(text, "\n{");

	at = at ? at + strspn(at, "\n") : text;
	return json_parse(ret, at, strlen(at), err);
}

void
apply_complaint(const char *text, char *ret, size_t size)
{
	const char *said = away_word(text), *at;
	size_t len = strlen(text);

	if (said) {
		str_copy(ret, size, said);
		return;
	}
	while (len > 0 && text[len - 1] == '\n')
		len--;
	at = memrchr(text, '\n', len);
	at = at ? at + 1 : text;
	snprintf(ret, size, "%.*s", (int)(text + len - at), at);
}

int
apply_get(const char *const *argv, int timeout_ms, json_t **ret, struct err *err)
{
	char *text = NULL, why[AGENT_TEXT];
	int r = child_run(argv, timeout_ms, &text, err);

	if (r == 0)
		r = apply_parse(ret, text, err);
	else if (r > 0) {
		apply_complaint(text, why, sizeof(why));
		r = err_set(err, -EIO, "%s", why);
	}
	free(text);
	return r;
}

/* Until the API server has taken it: webhooks and service accounts come late, it may be away. */
static void
apply(const struct args *args)
{
	bool once = str_eq(args->argv[2], "create");
	char *text = NULL, why[AGENT_TEXT];
	struct err err;
	int r;

	for (unsigned int tries = 0;; tries++) {
		r = child_run(args->argv, APPLY_MS, &text, &err);
		if (r > 0 && once && is_there(text))
			r = 0;
		if (r > 0)
			apply_complaint(text, why, sizeof(why));
		if (r != 0)
			printf("not taken yet: %s\n", r > 0 ? why : err.text);
		free(text);
		text = NULL;
		if (r == 0)
			return;
		apply_rest(tries);
	}
}

/* It is there, of this stage, but was not given. */
static void
drop_one(const char *old, const char *space)
{
	const char *argv[] = { "kubectl", ADMIN, "delete", "--ignore-not-found", "--wait=false",
			       "-n", space[0] ? space : "default", old, NULL };
	struct err err;

	printf("deletes %s\n", old);
	if (child_must(argv, APPLY_MS, &err) < 0)
		printf("%s\n", err.text);
}

/* "kind.group/name", as `kubectl apply -o name` prints it; the caller frees. */
static char *
object_name(const json_t *object)
{
	const char *api = json_str(object, "apiVersion", ""), *slash = strchr(api, '/');
	char *kind = str_dup(json_str(object, "kind", "")), *ret;

	for (char *c = kind; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	ret = str_format("%s%s%.*s/%s", kind, slash ? "." : "", slash ? (int)(slash - api) : 0,
			 api, json_str(json_object_get(object, "metadata"), "name", ""));
	free(kind);
	return ret;
}

static bool
is_given(const json_t *objects, const char *object)
{
	for (size_t i = 0; i < json_array_size(objects); i++)
		if (str_eq(json_string_value(json_array_get(objects, i)), object))
			return true;
	return false;
}

/* Deletes what an earlier form of the stage had, before its new form comes: a webhook may refuse
 * two that cannot be together.  A look that fails is no harm: the kinds may not be known yet. */
static void
prune(const json_t *stage, const char *name)
{
	const json_t *objects = json_object_get(stage, "objects");
	json_t *kinds = json_object_get(stage, "prune"), *list = NULL, *one;
	char *label = str_format("bootserver.dev/stage=%s", name), *object;
	struct buf words;
	struct err err;
	size_t i;

	buf_init(&words);
	json_array_foreach(kinds, i, one)
		buf_format(&words, "%s%s", i > 0 ? "," : "", json_string_value(one));
	const char *argv[] = { "kubectl", ADMIN, "get", words.text, "-A", "-l", label, "-o", "json",
			       NULL };
	if (words.len > 0)
		apply_get(argv, APPLY_MS, &list, &err);
	json_array_foreach(json_object_get(list, "items"), i, one) {
		object = object_name(one);
		if (!is_given(objects, object))
			drop_one(object, json_str(json_object_get(one, "metadata"), "namespace",
						  ""));
		free(object);
	}
	json_decref(list);
	buf_fini(&words);
	free(label);
}

/* One line of the stage's `wait`, until it comes true. */
static void
wait_for(const json_t *words)
{
	struct args args = { .count = 0 };
	struct buf told;
	struct err err;
	json_t *word;
	size_t i;

	buf_init(&told);
	add(&args, "kubectl");
	add(&args, ADMIN);
	json_array_foreach((json_t *)(uintptr_t)words, i, word) {
		add(&args, json_string_value(word) ? json_string_value(word) : "");
		if (json_is_string(word) && strchr(json_string_value(word), '/'))
			buf_format(&told, " %s", json_string_value(word));
	}
	add(&args, WAIT_WORDS);
	printf("waits for%s\n", told.text);
	for (unsigned int tries = 0; child_must(args.argv, WAIT_MS, &err) < 0; tries++)
		apply_rest(tries);
	buf_fini(&told);
}

static int
apply_source(const json_t *stage, int (*source)(struct args *, const json_t *, struct err *),
	     struct err *err)
{
	struct args args = { .count = 0 };
	int r;

	add_apply(&args, json_flag(stage, "once", false));
	r = source(&args, stage, err);
	if (r > 0)
		apply(&args);
	args_fini(&args);
	return r < 0 ? r : 0;
}

int
apply_stage(const json_t *stage, struct err *err)
{
	const char *name = json_str(stage, "name", "");
	json_t *waits = json_object_get(stage, "wait");
	int r;

	if (!str_is_label(name))
		return err_set(err, -EBADMSG, "\"%.32s\" is no name of a stage", name);
	r = apply_source(stage, add_files, err);
	if (r == 0) {
		prune(stage, name);
		r = apply_source(stage, add_text, err);
	}
	if (r == 0)
		taint_all(json_object_get(stage, "taints"));
	for (size_t i = 0; r == 0 && i < json_array_size(waits); i++)
		wait_for(json_array_get(waits, i));
	return r;
}

/* The kubelet tells the boot it lives in with its node's status (NodeSystemInfo.bootID). */
static bool
is_former(const json_t *status, const char *boot)
{
	const char *told = json_str(json_object_get(status, "nodeInfo"), "bootID", "");

	return boot && told[0] && !str_eq(told, boot);
}

bool
apply_node_ready(const json_t *node, const char *boot, char *why, size_t size)
{
	json_t *status = json_object_get(node, "status");
	json_t *list = json_object_get(status, "conditions"), *one;
	size_t i;

	if (is_former(status, boot)) {
		str_copy(why, size, "the kubelet has not reported since this boot");
		return false;
	}
	json_array_foreach(list, i, one) {
		if (!str_eq(json_str(one, "type", ""), "Ready"))
			continue;
		snprintf(why, size, "%s", json_str(one, "message", "no reason is given"));
		return str_eq(json_str(one, "status", ""), "True");
	}
	str_copy(why, size, "the kubelet has not reported yet");
	return false;
}

/* One look at the node; one that was set aside for this boot is taken back when it is Ready. */
static bool
look(const char *node, char *why, size_t size)
{
	const char *argv[] = { "kubectl", APPLY_KUBELET, "get", "node", node, "-o", "json", NULL };
	char *boot = where_text("/proc/sys/kernel/random/boot_id");
	json_t *o = NULL;
	struct err err;
	bool ready = false;

	if (apply_get(argv, WAIT_MS, &o, &err) == 0)
		ready = apply_node_ready(o, boot, why, size);
	else
		str_copy(why, size, err.text);
	if (ready && aside_clear(o, &err) < 0) {
		ready = false;
		str_copy(why, size, err.text);
	}
	json_decref(o);
	free(boot);
	return ready;
}

int64_t
apply_rest_ms(int64_t took_ms)
{
	return took_ms < 2000 / 9 ? 2000 : took_ms > 10000 / 9 ? 10000 : 9 * took_ms;
}

int
apply_ready(const char *node, struct err *err)
{
	int64_t began_ms = clock_mono_ms();
	char why[AGENT_TEXT / 2];

	(void)err;
	while (!look(node, why, sizeof(why))) {
		printf("%.*s\n", (int)strcspn(why, "\n"), why);
		pause_ms(apply_rest_ms(clock_mono_ms() - began_ms));
		began_ms = clock_mono_ms();
	}
	return 0;
}
