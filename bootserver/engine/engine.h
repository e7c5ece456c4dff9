#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

/*
 * The engine process: knowledge, decisions and secrets, no network.  Descriptor 3 is the keeper, 4
 * is web (docs/INTERFACES.md); the working directory is the site directory; BOOTSERVER_UID and
 * BOOTSERVER_GID name the user it becomes.  Returns the exit status, when the keeper is gone.
 */
int engine_main(void);

#endif
