// A child that outlives a death that nothing in the process survives (KILL, the kernel out of memory, _exit), and makes the
// terminal whole after it. See watcher.h.
//
// It only sleeps in read(2) on a pipe whose other end this process holds: the end of that pipe is the end of the process.
// Everything in the child is async-signal-safe, as other threads may have held any lock when it was made.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "watcher.h"

static pid_t child;
static int hold = -1;

// Where the child has what it needs; all else it closes.
enum { PIPE = 3, TERMINAL = 4 };

static bool same(const struct termios *a, const struct termios *b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag;
}

static void restore(const struct termios *saved, const struct termios *raw) {
  struct termios now;
  // A shell may have been faster and have settings of its own by now: those stay.
  if (tcgetattr(0, &now) != 0) return;
  if (same(&now, raw)) tcsetattr(0, TCSANOW, saved);
  const char *bytes = cterm_reset_screen;
  size_t size = cterm_reset_size;
  for (int tries = 0; size && tries < 25;) {
    struct pollfd wait = {TERMINAL, POLLOUT, 0};
    if (poll(&wait, 1, 20) > 0) {
      if (wait.revents & (POLLHUP | POLLERR | POLLNVAL)) return;
      ssize_t count = write(TERMINAL, bytes, size);
      if (count > 0) {
        bytes += count;
        size -= (size_t)count;
        continue;
      }
    }
    tries++;
  }
}

static void watch(const struct termios *saved, const struct termios *raw) {
  bool ours = false;
  for (;;) {
    char word;
    ssize_t count = read(PIPE, &word, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    ours = word == CTERM_WATCH_ENTERED;
  }
  if (ours) restore(saved, raw);
  _exit(0);
}

void cterm_watch_start(int output, const struct termios *saved, const struct termios *raw) {
  int ends[2];
  if (child > 0 || output < 0 || pipe2(ends, O_CLOEXEC) != 0) return;
  // Neither our handlers nor the terminal's signals are for the child.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = _Fork();
  if (pid == 0) {
    // A session of its own: no signal to our group reaches it, and what it does to the terminal stops it with none.
    setsid();
    signal(SIGTTOU, SIG_IGN);
    prctl(PR_SET_NAME, "terminal-guard");
    int pipe_end = fcntl(ends[0], F_DUPFD, 8), terminal = fcntl(output, F_DUPFD, 8);
    if (pipe_end < 0 || terminal < 0 || dup2(pipe_end, PIPE) < 0 || dup2(terminal, TERMINAL) < 0) _exit(1);
    close(1);
    close(2);
    if (syscall(SYS_close_range, TERMINAL + 1, ~0U, 0) != 0)
      for (int fd = TERMINAL + 1; fd < 1024; fd++) close(fd);
    if (chdir("/") != 0) _exit(1);
    watch(saved, raw);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[0]);
  if (pid < 0) {
    // Without it everything but those deaths is as before.
    close(ends[1]);
    return;
  }
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  child = pid;
  hold = ends[1];
}

void cterm_watch_tell(char word) {
  if (hold < 0) return;
  int error = errno;
  if (write(hold, &word, 1) < 0) {
    // It has gone, or has not read what it was told before: there is no other way to tell it.
  }
  errno = error;
}

void cterm_watch_end(void) {
  if (child <= 0) return;
  close(hold);
  hold = -1;
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  child = 0;
}
