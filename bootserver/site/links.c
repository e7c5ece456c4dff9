/* What the words of `network` stand for: see links.h. */
#include <string.h>

#include "lib/str.h"
#include "site/links.h"

const struct site_link *
site_link_find(const struct site_boot *boot, const char *text)
{
	for (size_t i = 0; i < boot->nlinks; i++)
		if (str_eq(boot->links[i].name, text) ||
		    (boot->links[i].nic && str_eq(boot->links[i].nic, text)))
			return &boot->links[i];
	return NULL;
}

const char *
site_link_card(const struct site_boot *boot, const char *text, const char *mac)
{
	const struct site_link *link = site_link_find(boot, text);

	if (link && link->nic)
		text = link->nic;
	return mac && strcmp(text, "boot") == 0 ? mac : text;
}

const struct site_link *
site_link_bond(const struct site_boot *boot, const char *text, const char *mac)
{
	const char *card = site_link_card(boot, text, mac);

	for (size_t i = 0; i < boot->nlinks; i++) {
		const struct site_link *bond = &boot->links[i];

		for (size_t j = 0; j < bond->bond.count; j++)
			if (str_eq(site_link_card(boot, bond->bond.items[j], mac), card))
				return bond;
	}
	return NULL;
}
