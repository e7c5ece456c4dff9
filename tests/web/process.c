/* The web process alone, under the sanitizers, for tests/web/. */
#include "web/web.h"

int
main(void)
{
	return web_main();
}
