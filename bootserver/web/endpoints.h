#ifndef WEB_ENDPOINTS_H
#define WEB_ENDPOINTS_H

#include "web/state.h"

/* One function an endpoint, called with the whole request there: it gives the answer
 * (web/request.h, web/file.h) or asks the engine (web/link.h).  One file each, of the same name. */
void ipxe_greeting(struct request *req);
void ipxe_file(struct request *req);
void boot_answer(struct request *req);
void blob_answer(struct request *req);
void sitejson_answer(struct request *req);
void report_answer(struct request *req);
void agent_enrol(struct request *req);
void agent_poll(struct request *req);
void agent_events(struct request *req);
void agent_cluster(struct request *req);
void cloudinit_answer(struct request *req);
void metrics_answer(struct request *req);
void healthz_answer(struct request *req);

#endif
