#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cprocess_pty.h"

int cprocess_pty_open(int rows, int columns, int *master, int *slave, char *name, size_t size) {
  *slave = -1;
  *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*master < 0) return errno;
  if (grantpt(*master) != 0 || unlockpt(*master) != 0 || ptsname_r(*master, name, size) != 0) return errno;
  *slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*slave < 0) return errno;
  return cprocess_pty_resize(*master, rows, columns);
}

int cprocess_pty_resize(int master, int rows, int columns) {
  struct winsize size = {(unsigned short)rows, (unsigned short)columns, 0, 0};
  return ioctl(master, TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

int cprocess_pty_spawn(
    const char *name, const char *directory, char *const arguments[], char *const environment[], pid_t *pid, int *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  // The session is made before the actions run, so the first open makes the terminal its controlling one.
  posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, 0, 2);
  if (directory) posix_spawn_file_actions_addchdir_np(&actions, directory);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  int failed = posix_spawn(pid, arguments[0], &actions, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  *process = failed ? -1 : (int)syscall(SYS_pidfd_open, *pid, 0);
  return failed;
}

int cprocess_pty_wait(int master, int process, int milliseconds) {
  struct pollfd wait[2] = {{master, POLLIN, 0}, {process, POLLIN, 0}};
  if (poll(wait, 2, milliseconds) <= 0) return 0;
  int result = 0;
  if (wait[0].revents) result |= CPROCESS_PTY_READABLE;
  if (wait[1].revents) result |= CPROCESS_PTY_ENDED;
  return result;
}
