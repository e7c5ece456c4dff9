#ifndef STAGE1_CONSOLE_H
#define STAGE1_CONSOLE_H

/* Makes /dev/console (the last console= of the kernel's arguments) standard input, output and
 * error; /dev/kmsg where it does not open.  The kernel's own lines below warning are hushed. */
void console_open(void);

/* One line a person can follow: "stage1:  12.3 s  network   enp0s2 …", seconds since the kernel
 * started.  `what` is the step's name. */
void console_line(const char *what, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A rule across the screen, before and after what must not be overlooked. */
void console_rule(void);

#endif
