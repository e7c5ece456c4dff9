#ifndef AGENT_DRESS_H
#define AGENT_DRESS_H

#include <stdbool.h>

#include "cloud-init/agent/input.h"

/*
 * Makes the anonymous root this machine's own, before anything that would look: name, SSH keys of
 * people and of the machine, machine-id, and cloud-init's data source where the site gives user
 * data.  What is kept over boots lies on the state partition if `kept`.  Each thing that fails is
 * logged and leaves the others alone.
 */
void dress_root(const struct input *input, bool kept);

#endif
