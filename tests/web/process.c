/* The web process alone, under the sanitizers, for tests/web/test_web.py. */
#include "web/web.h"

int
main(void)
{
	return web_main();
}
