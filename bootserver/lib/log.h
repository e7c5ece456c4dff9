#ifndef LIB_LOG_H
#define LIB_LOG_H

/*
 * The program's log: one logfmt line an event on standard error, for the journal with a <level>
 * prefix (sd-daemon(3)) when stderr is the journal, with the time of day otherwise.  Library and
 * pure houses never call it; the top houses do, once, where the machine can be named:
 *
 *	log_info("machine=%s phase=script image=%s", name, image);
 */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* `who` (static storage) stands before each line: keeper, web, engine, stage1, agent. */
void log_init(const char *who, enum log_level most);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
