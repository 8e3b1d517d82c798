#ifndef CTERMINAL_H
#define CTERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The only code that sees ncurses.h, and what must be C to be safe in a signal handler. One terminal a process; all of it is
// for the terminal's own thread, except cterm_wake and cterm_restore.

// ---- The screen: ncurses draws into memory, never to the terminal, so that a terminal that does not read cannot block it.

enum { CTERM_OK = 0, CTERM_UNKNOWN = -1, CTERM_TOO_SIMPLE = -2, CTERM_NO_MEMORY = -3 };
enum { CTERM_BOLD = 1, CTERM_DIM = 2, CTERM_ITALIC = 4, CTERM_UNDERLINE = 8, CTERM_REVERSE = 16 };

/// `direct`: 0 as terminfo says, 1 the compiled-in 24-bit entry, 2 the same without bce (multiplexers).
int cterm_screen_open(const char *term, int direct, bool color, int rows, int columns);
void cterm_screen_close(void);
/// Colours of the open screen; 0 when there are none.
int cterm_screen_colors(void);
/// Whether colours are given as 0xRRGGBB.
bool cterm_screen_is_direct(void);
/// -1 is the terminal's own colour.
int cterm_screen_pair(int foreground, int background);
/// One cluster of `width` columns. What the C library measures otherwise becomes U+FFFD, so that columns never drift.
void cterm_screen_put(int row, int column, const uint32_t *scalars, int count, int width, unsigned attributes, int pair);
/// Shows the cursor there; a negative row hides it.
void cterm_screen_cursor(int row, int column);
void cterm_screen_resize(int rows, int columns);
void cterm_screen_erase(void);
/// Turns what changed into bytes for the terminal; `all` draws everything anew.
void cterm_screen_render(bool all);
/// Leaves and enters the alternate screen, as bytes.
void cterm_screen_leave(void);
void cterm_screen_enter(void);
/// Bytes that wait; `cterm_output_read` takes up to `size` of them from `offset`, `cterm_output_clear` forgets them.
size_t cterm_output_size(void);
size_t cterm_output_read(uint8_t *bytes, size_t size, size_t offset);
void cterm_output_clear(void);

// ---- The locale

/// Whether the user's locale is UTF-8. Sets C.UTF-8 for ncurses in any case.
bool cterm_locale_is_utf8(void);

// ---- The terminal device and its guard

/// Whether standard input and output are one and the same kind of thing: terminals.
bool cterm_is_terminal(void);
/// Remembers the terminal's settings and installs all handlers. `crashes`: also those for traps, SEGV and the like.
bool cterm_guard_open(bool crashes, bool capture_errors);
/// Raw input, and standard error kept in memory.
bool cterm_guard_enter(void);
/// The remembered settings, and what was written to standard error replayed.
void cterm_guard_leave(void);
/// `cterm_guard_leave`, and the handlers as they were.
void cterm_guard_close(void);
/// Async-signal-safe: makes the terminal whole if it is not.
void cterm_restore(void);
bool cterm_size(int *rows, int *columns);
/// Stops this process group as ctrl-z does; returns when it goes on.
void cterm_stop(void);
/// Ends this process by `signal`.
void cterm_die(int signal) __attribute__((noreturn));

/// > 0: bytes; 0: nothing now; -1: the terminal is gone.
long cterm_read(uint8_t *bytes, size_t size);
/// Bytes taken, maybe 0; -1: the terminal is gone.
long cterm_write(const uint8_t *bytes, size_t size);
/// Writes all of it, or gives up on a terminal that does not read for about half a second.
void cterm_write_bounded(const uint8_t *bytes, size_t size);

// ---- The loop

enum { CTERM_READABLE = 1, CTERM_WRITABLE = 2, CTERM_WOKEN = 4, CTERM_GONE = 8 };

/// Before the first wake.
bool cterm_pipe_open(void);
/// Waits for the pipe, and for input and output where asked; a negative timeout waits for ever.
int cterm_poll(bool input, bool output, int milliseconds);
/// Ends `cterm_poll`; from any thread.
void cterm_wake(void);
/// Signals that came, in order, without the wakes between them.
int cterm_signals(uint8_t *signals, int size);
/// A detached thread with a stack of its own for crash handlers.
bool cterm_thread_start(void (*body)(void *), void *context);
void *cterm_thread_current(void);
int64_t cterm_milliseconds(void);

// ---- Processes

/// Runs this program again as a child and waits for it, restoring the terminal after any death, KILL and _exit included.
/// Returns only in the child, or where there is no terminal.
void cterm_supervise(char *const arguments[]);
/// What the crash handlers need of the calling thread, and whether a backtrace was asked for.
void cterm_prepare(void);

#endif
