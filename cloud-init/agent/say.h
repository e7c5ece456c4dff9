#ifndef AGENT_SAY_H
#define AGENT_SAY_H

/* A line a person follows on the console (standard output; and in the journal, where there is one),
 * with the seconds since power came to the kernel:  agent:  41.2 s  enrol    n1 approved */
void say(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
