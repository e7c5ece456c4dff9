#ifndef AGENT_TUNE_H
#define AGENT_TUNE_H

/*
 * What a node wants of its kernel: modules that nothing loads by itself, and settings.  What cannot
 * be had is logged; the node mostly runs without it, and kubeadm says what it cannot do without.
 */
void tune_kernel(const char *machine);

#endif
