#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

/*
 * The process that root starts: opens sockets, starts engine, web and dnsmasq, watches them, and
 * ends them all when it ends.  It parses no foreign byte.
 */

/* Runs the site of folder `site_dir` until SIGTERM or SIGINT (0), or until it cannot start (1, with
 * the reason on standard error).  Needs root. */
int keeper_run(const char *site_dir);

/* `keeper [--idle]`: keeper_run() in the working directory (cli/run.c executes it). */
int keeper_main(int argc, char **argv);

/* `namespace-init RUN PROGRAM …`: first process of dnsmasq's namespaces, and of chronyd's
 * (keeper/namespace.c). */
int namespace_init_main(int argc, char **argv);

#endif
