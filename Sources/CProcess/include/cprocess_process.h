#pragma once

#include <stdint.h>
#include <sys/types.h>

/* What supervising processes needs and Swift's Glibc lacks: spawning with sessions and descriptors, the subreaper,
   signalfd, inotify, and the wait macros. Every function returns 0 (or a descriptor) or a negative errno. */

/* Starts `path`, without a search, in a session of its own, with default signal handlers, an empty signal mask and no
   descriptor but the three given. NULL for `cwd` and `envp` means the caller's own. */
int cprocess_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *cwd, int input,
                   int output, int error);

/* Makes freed memory of all threads serve all threads: with an arena for each, a process of many threads creeps up to several
   times of what it holds. To be called before there is a second thread. */
void cprocess_share_memory(void);

/* Hands whole pages of freed memory back to the system, also from the middle of the heap, where it would keep them. */
void cprocess_trim_memory(void);

/* What holds for a command from before its first instruction on. A limit below 0 is none. */
struct cprocess_bounds {
  /* The folder of the control group that it is born into; NULL for the caller's group. */
  const char *group;
  int64_t processes, file_bytes, address_bytes;
};

/* The same within bounds, by a fork: only for a process with one thread. The command enters its group and takes its
   limits itself before it becomes the program, so nothing of it is ever outside. `stage` tells what failed: 'g' the
   group, 'l' a limit, 'd' the folder, 'x' the program, 'f' the fork. */
int cprocess_spawn_bounded(pid_t *pid, const char *path, char *const argv[], const char *cwd, int input, int output,
                           int error, const struct cprocess_bounds *bounds, char *stage);

/* Sends `signal` to every child of the calling process, `rounds` times without a pause: for those that beget a child
   and end before a table of processes is read. Returns how many signals were taken, or a negative errno where the
   system does not list children. */
int cprocess_signal_children(int signal, int rounds);

/* Opens a path below the folder `root`, and nothing that leads out of it, by `..` or by a link, whatever is put there
   meanwhile: the descriptor, or a negative errno (EXDEV for what leads out). */
int cprocess_open_below(int root, const char *path, int flags, mode_t mode);

/* A pipe, closed on exec: the reading end, then the writing one. */
int cprocess_pipe(int ends[2]);

/* Orphaned descendants become children of the calling process. */
int cprocess_become_subreaper(void);

/* Blocks the signals for the calling thread and returns a non-blocking descriptor that reads them. */
int cprocess_signal_fd(const int *signals, int count);
/* The next signal, 0 when none waits. */
int cprocess_next_signal(int fd);

/* A descriptor of a child, closed on exec, that is readable once the child has ended. */
int cprocess_process_fd(pid_t pid);

/* Reaps one child without blocking: its pid, 0 when none has ended, or a negative errno. `pid` -1 means any. One of
   `code` and `signal` is set, the other is -1. */
pid_t cprocess_reap(pid_t pid, int *code, int *signal);

/* A non-blocking inotify descriptor. */
int cprocess_watch_open(void);
/* Watches what is written to, closed and moved into a folder; returns the watch's number. */
int cprocess_watch_add(int fd, const char *folder);
int cprocess_watch_remove(int fd, int watch);
/* Reads waiting events: the numbers of the watches in whose folder a file changed whose name begins with `first` or
   `second`. `count` must be at least 1024. Returns how many; 0 when none waits. */
int cprocess_watch_read(int fd, int *watches, int count, const char *first, const char *second);
