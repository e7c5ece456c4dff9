#ifndef ENGINE_RECORDS_H
#define ENGINE_RECORDS_H

#include "engine/core.h"

/* Rows of the database to structs and back. */

void records_save_machine(struct engine *e, const struct machine *m);
void records_save_boot(struct engine *e, const struct boot *b);

/* Fills a zeroed machine from a row of DB_MACHINES. */
void records_read_machine(sqlite3_stmt *row, struct machine *ret);

/* Fills a zeroed boot from a row of DB_BOOTS_OF; *ret_machine is its machine's id. */
void records_read_boot(sqlite3_stmt *row, struct boot *ret, int64_t *ret_machine);

#endif
