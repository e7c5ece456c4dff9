/* GET /boot.ipxe, the greeting; GET /ipxe/<file>, what TFTP serves too, for firmware that boots by
 * HTTP and for the hand-over from one iPXE to another. */
#include "web/endpoints.h"

#include <string.h>

#include "lib/json.h"
#include "web/file.h"
#include "web/link.h"
#include "web/request.h"
#include "web/script.h"

void
ipxe_greeting(struct request *req)
{
	json_t *message = json_object();

	json_put(message, "type", "greet");
	json_put(message, "ip", req->peer->ip);
	link_tell(req->peer->web->link, message, false);
	script_give(req, "boot", NULL);
}

static bool
ends(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

/* UEFI HTTP Boot knows a program by this type or by the name's end (UEFI 2.10, 24.7.2). */
static const char *
type_of(const char *name)
{
	if (ends(name, ".efi"))
		return "application/efi";
	return ends(name, ".ipxe") ? "text/plain; charset=utf-8" : "application/octet-stream";
}

void
ipxe_file(struct request *req)
{
	const char *name = req->arg[0];
	struct file_answer file = { .type = type_of(name), .cache = "no-cache" };
	char etag[FILE_ETAG];

	if (name[0] == '.' || file_open_in(req->peer->web->tftp, name, &file) < 0) {
		request_say(req, MHD_HTTP_NOT_FOUND, "There is no such file.");
		return;
	}
	file_etag(etag, &file);
	file.etag = etag;
	file_give(req, &file);
}
