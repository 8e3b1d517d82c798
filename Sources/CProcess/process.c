#include "cprocess_process.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
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

void cprocess_share_memory(void) { mallopt(M_ARENA_MAX, 2); }

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
