// A parent that outlives every death of the program and makes the terminal whole. See include/CTerminal.h.
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "include/CTerminal.h"

extern char **environ;

static const char marker[] = "FLIGHTDECK_SUPERVISED";
static volatile sig_atomic_t child;
static const int passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void pass_on(int number, siginfo_t *info, void *context) {
  (void)context;
  // What the terminal sends goes to the whole group, the child included; what a process sent comes to us alone.
  if (child > 0 && info->si_code <= 0) kill((pid_t)child, number);
}

static void reset(const struct termios *saved) {
  // Without synchronized output, mouse, paste and the alternate screen; as in guard.c.
  static const char bytes[] =
      "\030\033\\\033[?2026l\033[?1000l\033[?1006l\033[?2004l\033[0m\033(B\033[r\033[?7h\033[?1l\033>\033[?1049l\033[?25h\r";
  if (write(1, bytes, sizeof bytes - 1) < 0) {
    // A terminal that is gone needs no reset.
  }
  tcsetattr(0, TCSANOW, saved);
}

static bool same(const struct termios *a, const struct termios *b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag;
}

void cterm_supervise(char *const arguments[]) {
  struct termios saved, now;
  if (getenv(marker)) {
    unsetenv(marker);
    prctl(PR_SET_PDEATHSIG, SIGHUP);
    return;
  }
  if (!isatty(0) || !isatty(1) || tcgetattr(0, &saved) != 0) return;
  sigset_t all, normal;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &normal);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &normal);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  setenv(marker, "1", 1);
  pid_t pid;
  int failed = posix_spawn(&pid, "/proc/self/exe", NULL, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  unsetenv(marker);
  if (failed) {
    sigprocmask(SIG_SETMASK, &normal, NULL);
    return;
  }
  child = pid;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigfillset(&action.sa_mask);
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  action.sa_sigaction = pass_on;
  for (unsigned i = 0; i < COUNT(passed_on); i++) sigaction(passed_on[i], &action, NULL);
  signal(SIGTTOU, SIG_IGN);
  sigprocmask(SIG_SETMASK, &normal, NULL);
  int status;
  while (waitpid(pid, &status, 0) != pid)
    if (errno != EINTR) _exit(1);
  child = 0;
  if (tcgetattr(0, &now) == 0 && (WIFSIGNALED(status) || !same(&now, &saved))) reset(&saved);
  if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
  // Ends as the child did; the one core file is the child's.
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  cterm_die(WTERMSIG(status));
}
