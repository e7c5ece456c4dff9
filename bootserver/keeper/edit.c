/*
 * The engine's word that a machine was written, changed or taken away through the API: one file of
 * machines.d, never a person's.  The engine has checked the site with it; it waits for our answer
 * before it takes it.
 */
#include "keeper/state.h"
#include "lib/json.h"
#include "lib/log.h"
#include "sitedir/edits.h"

void
edit_take(struct keeper *keeper, const json_t *body)
{
	json_t *answer = json_object();
	struct err err;
	int r = edits_write(keeper->dir, json_str(body, "name", ""), json_str(body, "text", NULL),
			    &err);

	if (r < 0)
		log_warn("%s", err.text);
	json_put(answer, "type", "answer");
	json_put_num(answer, "id", json_num(body, "id", 0));
	json_put_flag(answer, "ok", r == 0);
	if (r < 0)
		json_put(answer, "text", err.text);
	keeper_tell_engine(keeper, answer);
}
