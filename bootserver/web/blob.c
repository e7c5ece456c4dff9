/* GET /blob/<sha256>[?nonce=…]: immutable bytes by their digest. */
#include "web/endpoints.h"

#include "lib/hex.h"
#include "web/claims.h"
#include "web/file.h"
#include "web/request.h"
#include "web/transfer.h"

void
blob_answer(struct request *req)
{
	const char *sha256 = req->arg[0], *nonce = request_query(req, "nonce");
	char etag[ROUTE_ARG + 2];
	struct file_answer file = {
		.etag = etag,
		.type = "application/octet-stream",
		.cache = "public, max-age=31536000, immutable",
	};

	if (!hex_is_sha256(sha256)) {
		request_say(req, MHD_HTTP_NOT_FOUND, "A blob's name is 64 lower-case hex digits.");
		return;
	}
	if (file_open_in(req->peer->web->store, sha256, &file) < 0) {
		request_say(req, MHD_HTTP_NOT_FOUND, "The store has no such blob.");
		return;
	}
	snprintf(etag, sizeof(etag), "\"%s\"", sha256);
	if (!file_give(req, &file))
		return;
	req->transfer = transfer_new(req, claims_is_nonce(nonce) ? nonce : NULL, sha256);
	req->transfer->first = file.first;
	req->transfer->len = file.len;
	req->transfer->total = file.size;
}
