#ifndef CPROCESS_PTY_H
#define CPROCESS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Pseudo-terminals, which Swift's Glibc cannot open. All return 0 or an errno.

/// Both ends are close-on-exec. The slave stays open here, so that its settings can be read after the program's death.
int cprocess_pty_open(int rows, int columns, int *master, int *slave, char *name, size_t size);
/// Starts a program as the leader of a session of its own, with the terminal `name` as its controlling one and as its
/// standard input, output and error. `process` becomes a descriptor that is readable once it has ended.
int cprocess_pty_spawn(
    const char *name, const char *directory, char *const arguments[], char *const environment[], pid_t *pid, int *process);
/// The kernel tells the program by SIGWINCH.
int cprocess_pty_resize(int master, int rows, int columns);

enum { CPROCESS_PTY_READABLE = 1, CPROCESS_PTY_ENDED = 2 };
/// Waits for output or the program's end; a negative `process` waits for output alone. 0 when the time is up.
int cprocess_pty_wait(int master, int process, int milliseconds);

#endif
