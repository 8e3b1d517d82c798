// The terminal's settings, its signals, and its restoration whatever happens. See include/CTerminal.h.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "include/CTerminal.h"
#include "watcher.h"

static struct termios saved;
// The terminal is ours now, and `saved` is what it must get back.
static volatile sig_atomic_t entered;
static volatile sig_atomic_t ending;
static int pipe_ends[2] = {-1, -1};
static int terminal_out = -1;
static int captured = -1, real_error = -1;
static struct sigaction before[65];
static bool catches_crashes, keeps_backtraces;

static const int events[] = {SIGWINCH, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};
static const int crashes[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
#define COUNT(list) (sizeof(list) / sizeof *(list))

// The first two end any sequence that was cut off. Synchronized output, mouse, paste and focus reports off; attributes,
// character set, cursor, line wrap and keypad as usual; the alternate screen left.
const char cterm_reset_screen[] =
    "\030\033\\\033[?2026l\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?1004l"
    "\033[0m\033(B\033[r\033[?7h\033[?1l\033>\033[?1049l\033[23;0;0t\033[?12l\033[?25h\r";
const size_t cterm_reset_size = sizeof cterm_reset_screen - 1;

// A terminal that does not read any more must not keep us from dying.
void cterm_write_bounded(const uint8_t *bytes, size_t size) {
  int fd = terminal_out >= 0 ? terminal_out : 1;
  for (int tries = 0; size && tries < 25;) {
    struct pollfd wait = {fd, POLLOUT, 0};
    if (poll(&wait, 1, 20) <= 0) {
      tries++;
      continue;
    }
    if (wait.revents & (POLLHUP | POLLERR | POLLNVAL)) return;
    ssize_t count = write(fd, bytes, size);
    if (count > 0) {
      bytes += count;
      size -= (size_t)count;
    } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
      return;
    } else {
      tries++;
    }
  }
}

// ---- Standard error

static void capture_errors(void) {
  if (captured < 0 || real_error >= 0) return;
  real_error = fcntl(2, F_DUPFD_CLOEXEC, 3);
  if (real_error < 0) return;
  if (ftruncate(captured, 0) != 0 || lseek(captured, 0, SEEK_SET) < 0 || dup2(captured, 2) < 0) {
    close(real_error);
    real_error = -1;
  }
}

// Async-signal-safe. The last 64 KiB: a program's last words are at the end.
static void replay_errors(void) {
  if (real_error < 0) return;
  int fd = real_error;
  real_error = -1;
  dup2(fd, 2);
  char bytes[1024];
  struct stat about;
  off_t offset = fstat(captured, &about) == 0 && about.st_size > 65536 ? about.st_size - 65536 : 0;
  for (;;) {
    ssize_t count = pread(captured, bytes, sizeof bytes, offset);
    if (count <= 0) break;
    offset += count;
    if (write(2, bytes, (size_t)count) < 0) break;
  }
  close(fd);
}

// ---- Restoring

void cterm_restore(void) {
  if (!entered) return;
  entered = 0;
  int error = errno;
  cterm_write_bounded((const uint8_t *)cterm_reset_screen, cterm_reset_size);
  tcsetattr(0, TCSANOW, &saved);
  cterm_watch_tell(CTERM_WATCH_LEFT);
  replay_errors();
  errno = error;
}

static void set_default(int number) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static void unblock(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void on_crash(int number) {
  cterm_restore();
  // Swift's backtracer would ask questions on the terminal and wait; it runs only for those who asked for it.
  if (keeps_backtraces)
    sigaction(number, &before[number], NULL);
  else
    set_default(number);
  unblock(number);
  raise(number);
}

static bool ends(int number) { return number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT; }

static void on_event(int number) {
  int error = errno;
  // The keys of another program that has the terminal for now.
  if (!entered && (number == SIGINT || number == SIGQUIT || number == SIGTSTP)) return;
  // Whoever asks twice finds the loop stuck.
  if (ends(number) && ending++ > 0) cterm_die(number);
  unsigned char byte = (unsigned char)number;
  if (write(pipe_ends[1], &byte, 1) < 0) {
    // A full pipe has wakes enough.
  }
  errno = error;
}

void cterm_die(int number) {
  cterm_restore();
  set_default(number);
  unblock(number);
  raise(number);
  _exit(128 + number);
}

// ---- Opening and closing

bool cterm_is_terminal(void) { return isatty(0) && isatty(1); }

static void open_output(void) {
  // A description of our own: O_NONBLOCK on the shared one would reach the shell.
  terminal_out = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (terminal_out < 0) terminal_out = fcntl(1, F_DUPFD_CLOEXEC, 3);
}

static void alternate_stack(void) {
  stack_t now;
  if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE)) return;
  size_t size = 1 << 16;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {.ss_sp = memory, .ss_size = size};
  sigaltstack(&stack, NULL);
}

void cterm_prepare(void) {
  alternate_stack();
  const char *wish = getenv("SWIFT_BACKTRACE");
  keeps_backtraces = wish && *wish;
}

static void at_exit(void) { cterm_restore(); }

bool cterm_guard_open(bool with_crashes, bool with_errors) {
  static bool registered;
  if (tcgetattr(0, &saved) != 0) return false;
  open_output();
  if (with_errors && captured < 0) captured = memfd_create("standard-error", MFD_CLOEXEC);
  if (!registered) atexit(at_exit);
  registered = true;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  action.sa_handler = on_event;
  for (unsigned i = 0; i < COUNT(events); i++) {
    sigaction(events[i], NULL, &before[events[i]]);
    // What a parent had ignored (nohup) stays ignored.
    if (before[events[i]].sa_handler == SIG_IGN && ends(events[i])) continue;
    sigaction(events[i], &action, NULL);
  }
  catches_crashes = with_crashes;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  action.sa_handler = on_crash;
  for (unsigned i = 0; with_crashes && i < COUNT(crashes); i++) sigaction(crashes[i], &action, &before[crashes[i]]);
  return true;
}

bool cterm_guard_enter(void) {
  struct termios raw = saved;
  raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF);
  raw.c_oflag &= ~(tcflag_t)OPOST;
  raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
  raw.c_cflag |= CS8;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  capture_errors();
  cterm_watch_start(terminal_out, &saved, &raw);
  entered = 1;
  cterm_watch_tell(CTERM_WATCH_ENTERED);
  if (tcsetattr(0, TCSANOW, &raw) == 0) return true;
  entered = 0;
  cterm_watch_tell(CTERM_WATCH_LEFT);
  replay_errors();
  return false;
}

void cterm_guard_leave(void) {
  if (!entered) return;
  tcsetattr(0, TCSANOW, &saved);
  entered = 0;
  cterm_watch_tell(CTERM_WATCH_LEFT);
  replay_errors();
}

void cterm_guard_close(void) {
  cterm_guard_leave();
  cterm_watch_end();
  for (unsigned i = 0; i < COUNT(events); i++) sigaction(events[i], &before[events[i]], NULL);
  for (unsigned i = 0; catches_crashes && i < COUNT(crashes); i++) sigaction(crashes[i], &before[crashes[i]], NULL);
  if (terminal_out >= 0) close(terminal_out);
  terminal_out = -1;
  ending = 0;
}

bool cterm_size(int *rows, int *columns) {
  struct winsize size;
  if (ioctl(1, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return true;
}

void cterm_stop(void) {
  struct sigaction ours, ignore;
  memset(&ignore, 0, sizeof ignore);
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGTSTP, &ignore, &ours);
  // The rest of the group first; then this process, by a signal to this thread, which is taken before raise returns. One
  // sent to the process could be taken later, by another thread, with our handler already back.
  kill(0, SIGTSTP);
  set_default(SIGTSTP);
  unblock(SIGTSTP);
  raise(SIGTSTP);
  sigaction(SIGTSTP, &ours, NULL);
}

// ---- Bytes and waiting

long cterm_read(uint8_t *bytes, size_t size) {
  ssize_t count = read(0, bytes, size);
  if (count > 0) return count;
  return count < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
}

long cterm_write(const uint8_t *bytes, size_t size) {
  // Small pieces, for the case that the description blocks after all.
  ssize_t count = write(terminal_out, bytes, size);
  if (count >= 0) return count;
  return errno == EINTR || errno == EAGAIN ? 0 : -1;
}

bool cterm_pipe_open(void) { return pipe2(pipe_ends, O_NONBLOCK | O_CLOEXEC) == 0; }

int cterm_poll(bool input, bool output, int milliseconds) {
  struct pollfd wait[3] = {
      {pipe_ends[0], POLLIN, 0}, {input ? 0 : -1, POLLIN, 0}, {output ? terminal_out : -1, POLLOUT, 0}};
  if (poll(wait, 3, milliseconds) <= 0) return 0;
  int result = 0;
  if (wait[0].revents & POLLIN) result |= CTERM_WOKEN;
  if (wait[1].revents & POLLIN) result |= CTERM_READABLE;
  if (wait[2].revents & POLLOUT) result |= CTERM_WRITABLE;
  if ((wait[1].revents | wait[2].revents) & (POLLHUP | POLLERR | POLLNVAL)) result |= CTERM_GONE;
  return result;
}

void cterm_wake(void) {
  unsigned char byte = 0;
  if (write(pipe_ends[1], &byte, 1) < 0) {
    // A full pipe has wakes enough.
  }
}

int cterm_signals(uint8_t *signals, int size) {
  uint8_t bytes[512];
  int found = 0;
  ssize_t count = read(pipe_ends[0], bytes, sizeof bytes);
  for (ssize_t i = 0; i < count && found < size; i++)
    if (bytes[i]) signals[found++] = bytes[i];
  return found;
}

// ---- Threads

struct start {
  void (*body)(void *);
  void *context;
};

static void *run_thread(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  alternate_stack();
  start.body(start.context);
  return NULL;
}

bool cterm_thread_start(void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  if (!start) return false;
  *start = (struct start){body, context};
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 8 << 20);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int failed = pthread_create(&thread, &attributes, run_thread, start);
  pthread_attr_destroy(&attributes);
  if (failed) free(start);
  return !failed;
}

void *cterm_thread_current(void) { return (void *)pthread_self(); }

int64_t cterm_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
