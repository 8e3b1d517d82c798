#include "cprocess_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int cprocess_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *cwd, int input,
                   int output, int error) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed) return -failed;
  failed = posix_spawnattr_init(&attributes);
  if (failed) {
    posix_spawn_file_actions_destroy(&actions);
    return -failed;
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  if (!failed && cwd) failed = posix_spawn_file_actions_addchdir_np(&actions, cwd);
  if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, input, 0);
  if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, output, 1);
  if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, error, 2);
  if (!failed) failed = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (!failed) failed = posix_spawnattr_setsigmask(&attributes, &none);
  if (!failed) failed = posix_spawnattr_setsigdefault(&attributes, &all);
  if (!failed)
    failed = posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  if (!failed) failed = posix_spawn(pid, path, &actions, &attributes, argv, envp ? envp : environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return -failed;
}

int cprocess_process_fd(pid_t pid) {
  int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
  return descriptor < 0 ? -errno : descriptor;
}

void cprocess_share_memory(void) {
  mallopt(M_ARENA_MAX, 2);
  // A threshold of its own keeps the allocator from raising it: pages and commits lie in mappings that go back whole when
  // they are freed, and leave no holes between what stays.
  mallopt(M_MMAP_THRESHOLD, 16 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}

void cprocess_trim_memory(void) { malloc_trim(0); }

struct failure {
  int code;
  char stage;
};

static int set_limit(int resource, int64_t value) {
  if (value < 0) return 0;
  struct rlimit limit;
  if (getrlimit(resource, &limit) < 0) return -1;
  rlim_t wanted = (rlim_t)value;
  // What is tighter already stays.
  if (limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max) limit.rlim_max = wanted;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_max < limit.rlim_cur) limit.rlim_cur = limit.rlim_max;
  return setrlimit(resource, &limit);
}

/* Forks into the group. To be born there costs nothing; to move there waits for all processors to come by, which takes 15 ms. */
static pid_t fork_into(const char *group, int *is_inside) {
  int folder = group ? open(group, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  if (folder < 0) return fork();
  struct clone_args how = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)folder};
  *is_inside = 1;
  pid_t child = (pid_t)syscall(SYS_clone3, &how, sizeof how);
  close(folder);
  if (child >= 0) return child;
  /* A kernel or a sandbox without it: the child enters the group by itself, or says why it cannot. */
  *is_inside = 0;
  return fork();
}

static int enter(const char *group) {
  if (!group) return 0;
  int folder = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return -1;
  int procs = openat(folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  close(folder);
  if (procs < 0) return -1;
  int failed = write(procs, "0", 1) < 0 ? -1 : 0;
  int code = errno;
  close(procs);
  errno = code;
  return failed;
}

/* In the child of the fork, up to the exec: returns the stage that failed. */
static char become(const char *path, char *const argv[], const char *cwd, const int streams[3],
                   const struct cprocess_bounds *bounds, int is_inside) {
  if (!is_inside && enter(bounds->group) < 0) return 'g';
  setsid();
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (cwd && chdir(cwd) < 0) return 'd';
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (int i = 0; i < 3; i++)
    if (dup2(streams[i], i) < 0) return 'x';
  if (set_limit(RLIMIT_FSIZE, bounds->file_bytes) < 0 || set_limit(RLIMIT_NPROC, bounds->processes) < 0 ||
      set_limit(RLIMIT_AS, bounds->address_bytes) < 0)
    return 'l';
  execv(path, argv);
  return 'x';
}

int cprocess_spawn_bounded(pid_t *pid, const char *path, char *const argv[], const char *cwd, int input, int output,
                           int error, const struct cprocess_bounds *bounds, char *stage) {
  int report[2];
  *stage = 'f';
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  // Above the three, so that no dup2 below takes one of them before it has been used.
  int streams[3] = {fcntl(input, F_DUPFD_CLOEXEC, 10), fcntl(output, F_DUPFD_CLOEXEC, 10),
                    fcntl(error, F_DUPFD_CLOEXEC, 10)};
  int telling = fcntl(report[1], F_DUPFD_CLOEXEC, 10);
  close(report[1]);
  int is_inside = 0;
  pid_t child = streams[0] < 0 || streams[1] < 0 || streams[2] < 0 || telling < 0
                    ? -1
                    : fork_into(bounds->group, &is_inside);
  if (child == 0) {
    struct failure failure;
    failure.stage = become(path, argv, cwd, streams, bounds, is_inside);
    failure.code = errno;
    ssize_t told = write(telling, &failure, sizeof failure);
    (void)told;
    _exit(127);
  }
  int code = errno;
  close(telling);
  for (int i = 0; i < 3; i++)
    if (streams[i] >= 0) close(streams[i]);
  if (child < 0) {
    close(report[0]);
    return -code;
  }
  struct failure failure;
  ssize_t got;
  do got = read(report[0], &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  close(report[0]);
  if (got == (ssize_t)sizeof failure) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    *stage = failure.stage;
    return -failure.code;
  }
  *pid = child;
  return 0;
}

int cprocess_signal_children(int signal, int rounds) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)syscall(SYS_gettid));
  int list = open(path, O_RDONLY | O_CLOEXEC);
  if (list < 0) return -errno;
  int taken = 0;
  while (rounds-- > 0) {
    char text[4096];
    ssize_t got = pread(list, text, sizeof text - 1, 0);
    if (got <= 0) break;
    text[got] = 0;
    char *at = text;
    for (;;) {
      char *end;
      long child = strtol(at, &end, 10);
      // A number that the buffer cut off is left to the next round.
      if (end == at || *end != ' ') break;
      if (child > 1 && kill((pid_t)child, signal) == 0) taken++;
      at = end;
    }
  }
  close(list);
  return taken;
}

int cprocess_open_below(int root, const char *path, int flags, mode_t mode) {
  struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .mode = flags & O_CREAT ? mode : 0,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
  // The kernel gives up when names change under it; a few times is enough for all but a race that is meant.
  for (int tries = 0;; tries++) {
    long opened = syscall(SYS_openat2, root, path, &how, sizeof how);
    if (opened >= 0) return (int)opened;
    if (errno != EINTR && (errno != EAGAIN || tries >= 16)) return -errno;
  }
}

int cprocess_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0; }

int cprocess_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0; }

int cprocess_signal_fd(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int cprocess_next_signal(int fd) {
  struct signalfd_siginfo info;
  ssize_t got = read(fd, &info, sizeof info);
  return got == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

pid_t cprocess_reap(pid_t pid, int *code, int *signal) {
  int status;
  pid_t ended = waitpid(pid, &status, WNOHANG);
  if (ended < 0) return -errno;
  *code = ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  *signal = ended > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : -1;
  return ended;
}

int cprocess_watch_open(void) {
  int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int cprocess_watch_add(int fd, const char *folder) {
  int watch = inotify_add_watch(fd, folder, IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
  return watch < 0 ? -errno : watch;
}

int cprocess_watch_remove(int fd, int watch) { return inotify_rm_watch(fd, watch) < 0 ? -errno : 0; }

int cprocess_watch_read(int fd, int *watches, int count, const char *first, const char *second) {
  _Alignas(struct inotify_event) char buffer[4096];
  int found = 0;
  while (found + (int)(sizeof buffer / sizeof(struct inotify_event)) <= count) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    for (char *at = buffer; at < buffer + got;) {
      struct inotify_event *event = (struct inotify_event *)at;
      at += sizeof *event + event->len;
      int interesting = event->len > 0 && (!strncmp(event->name, first, strlen(first)) ||
                                           !strncmp(event->name, second, strlen(second)));
      if (interesting && (found == 0 || watches[found - 1] != event->wd)) watches[found++] = event->wd;
    }
  }
  return found;
}
