/*
 * Replays a corpus through a fuzz target without libFuzzer: each argument is a file, or a folder
 * whose files are all taken.  A target that misbehaves ends the program by its sanitizer; the name
 * of the input is on stderr before it runs.  Exit 2 when there was nothing to replay.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL, *exact;
	size_t size = 0, room = 0, got;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	do {
		if (size == room) {
			uint8_t *more = realloc(data, room = room ? room * 2 : 4096);

			if (!more)
				abort();
			data = more;
		}
		got = fread(data + size, 1, room - size, file);
		size += got;
	} while (got);
	fclose(file);

	/* Exactly as large as the input, so that the sanitizer sees one byte too many. */
	exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	memcpy(exact, data, size);
	free(data);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 1;
}

/* The number of inputs replayed, or -1. */
static int
replay(const char *path)
{
	struct stat st;
	struct dirent *entry;
	char inner[4096];
	DIR *dir;
	int count = 0, n;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	dir = opendir(path);
	if (!dir) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		n = replay(inner);
		if (n < 0) {
			closedir(dir);
			return -1;
		}
		count += n;
	}
	closedir(dir);
	return count;
}

int
main(int argc, char **argv)
{
	int count = 0, n;

	for (int i = 1; i < argc; i++) {
		n = replay(argv[i]);
		if (n < 0)
			return 1;
		count += n;
	}
	printf("%d inputs\n", count);
	return count ? 0 : 2;
}
