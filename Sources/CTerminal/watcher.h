#ifndef CTERMINAL_WATCHER_H
#define CTERMINAL_WATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

// What makes the terminal's screen as a shell wants it; in guard.c.
extern const char cterm_reset_screen[];
extern const size_t cterm_reset_size;

enum { CTERM_WATCH_ENTERED = 'e', CTERM_WATCH_LEFT = 'l' };

/// Makes the child, unless there is one. `output`: the terminal, open for writing without waiting.
void cterm_watch_start(int output, const struct termios *saved, const struct termios *raw);
/// Whether the terminal is ours now: only then is it restored. Async-signal-safe.
void cterm_watch_tell(char word);
/// Ends the child and returns when it is gone.
void cterm_watch_end(void);

#endif
