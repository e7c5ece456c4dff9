#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include "engine/cluster.h"
#include "lib/str.h"

/* What control-plane machines report of the cluster (docs/CLUSTER.md), kept and shown. */

/* From the columns `report`, `report_ms`, `report_by`, `rook`, `restoring`, the first at `at`. */
void report_restore(struct engine *e, struct cluster *c, sqlite3_stmt *row, int at);

/* Takes a control-plane machine's report (NULL: none was sent). */
void report_take(struct engine *e, const struct machine *m, const json_t *report);

/* What the restored report says was told by an earlier run. */
void report_told(struct engine *e);

/* Tells the timelines what the last report says of their machines; once a second. */
void report_tick(struct engine *e);

/* Members `roles`, `node`, `lb`, `storage` of a machine as the API shows it. */
void report_put(const struct engine *e, const struct machine *m, json_t *ret);

/* GET /v1/cluster, and the lines of /metrics. */
json_t *report_view(const struct engine *e);
void report_metrics(const struct engine *e, struct buf *ret);

#endif
