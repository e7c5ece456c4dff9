#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include <stdbool.h>

#include "cli/cli.h"

/* A passphrase: the first line of a file (as the person typed its path), or, file NULL, asked for
 * on the terminal (`twice`: a second time, to be sure).  NULL when told why not; secret_free()
 * wipes it. */
char *secret_read(const struct cli *cli, const char *file, bool twice);
void secret_free(char *secret);

#endif
