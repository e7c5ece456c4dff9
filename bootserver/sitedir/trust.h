#ifndef SITEDIR_TRUST_H
#define SITEDIR_TRUST_H

#include <stddef.h>

#include "lib/err.h"
#include "lib/sha256.h"

/* Whose signatures under a manifest count: pki/engine.crt and pki/signers/NAME.crt, known by their
 * public keys, so that a renewed certificate keeps what was signed before. */

struct trust_key {
	char pin[SHA256_TEXT];
	char *name;		/* the certificate's common name */
};

struct trust {
	struct trust_key *keys;
	size_t count;
};

/* A missing folder or certificate trusts nobody; a file that is no certificate is an error. */
int trust_read(struct trust *ret, int dirfd, struct err *err);
void trust_fini(struct trust *trust);

/* A text, and the file of the detached signature over it. */
struct trust_signed {
	const char *text;
	size_t len;
	int dirfd;
	const char *cms_path;
};

/* Checks the signature: 0 and the signer's name (fresh memory), -ENOENT when there is no such file,
 * -EACCES for a signer that is not trusted, -EBADMSG. */
int trust_signer(const struct trust *trust, const struct trust_signed *what, char **ret_name,
		 struct err *err);

#endif
