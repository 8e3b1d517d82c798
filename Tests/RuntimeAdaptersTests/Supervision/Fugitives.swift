/// Programs that try to get away from their supervisor, for the tests of its reach. Each that is named writes its pid to
/// `$PIDS/NAME` when it has got as far as it can.
enum Fugitives {
  /// Python: `fugitives.py NAME…` starts each, and sleeps.
  static let script = #"""
    import ctypes, os, pty, signal, subprocess, sys, threading, time
    libc = ctypes.CDLL(None, use_errno=True)
    pids = os.environ["PIDS"]
    def note(name, pid=None):
        path = os.path.join(pids, name)
        with open(path + ".new", "w") as out: out.write(str(pid or os.getpid()))
        os.rename(path + ".new", path)
    def stay():
        end = time.time() + 120
        while time.time() < end: time.sleep(1)
        os._exit(0)
    def deaf():
        for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(each, signal.SIG_IGN)
    def session(): os.setsid(); note("session"); stay()
    def daemon():
        os.setsid()
        if os.fork(): os._exit(0)
        os.chdir("/"); os.umask(0)
        for fd in range(3): os.close(fd)
        os.closerange(3, 64); os.environ["PIDS"] = pids
        note("daemon"); stay()
    def nohup(): note("nohup", subprocess.Popen(["nohup", "sleep", "120"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True).pid); stay()
    def bare():
        note("bare", subprocess.Popen(["sleep", "120"], env={}, cwd="/", start_new_session=True).pid); os._exit(0)
    def stubborn(): deaf(); note("stubborn"); stay()
    def stopped(): deaf(); note("stopped"); os.kill(os.getpid(), signal.SIGSTOP); stay()
    def ttystopped():
        pid, fd = pty.fork()
        if pid == 0:
            child = os.fork()
            if child == 0:
                os.setpgid(0, 0); note("ttystopped"); os.read(0, 1); stay()
            stay()
        stay()
    def traced():
        child = os.fork()
        if child == 0:
            deaf(); libc.ptrace(0, 0, 0, 0); note("traced"); os.kill(os.getpid(), signal.SIGSTOP); stay()
        os.waitpid(child, os.WUNTRACED); stay()
    def zombies():
        for _ in range(20):
            if os.fork() == 0: os._exit(0)
        deaf(); note("zombies"); stay()
    def headless():
        deaf()
        threading.Thread(target=stay).start(); note("headless")
        libc.syscall(60, 0)
    def subreaper():
        libc.prctl(36, 1, 0, 0, 0); deaf()
        if os.fork() == 0:
            if os.fork() == 0: os.setsid(); deaf(); note("adopted"); stay()
            os._exit(0)
        note("subreaper"); stay()
    def namespace():
        deaf()
        child = subprocess.Popen(["unshare", "-pf", "--mount-proc", "sh", "-c", "trap '' TERM; sleep 120 & sleep 120"], start_new_session=True)
        while not open(f"/proc/{child.pid}/task/{child.pid}/children").read().split(): time.sleep(0.01)
        note("namespace", int(open(f"/proc/{child.pid}/task/{child.pid}/children").read().split()[0])); stay()
    def elsewhere():
        group = os.environ["ELSEWHERE"]
        deaf()
        with open(group, "w") as out: out.write("0")
        note("elsewhere"); stay()
    def tmux():
        socket = os.path.join(os.environ["SOCKETS"], "t")
        subprocess.run(["tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "exec sleep 120"], check=True)
        note("tmux", int(subprocess.run(["tmux", "-S", socket, "display", "-p", "#{pid}"], capture_output=True, text=True).stdout))
        os._exit(0)
    # A constant number of processes that are never the same for long.
    def storm():
        deaf(); end = time.time() + 300
        for _ in range(30):
            if os.fork() == 0: break
        else: note("storm"); stay()
        while time.time() < end:
            if os.fork(): time.sleep(0.02); os._exit(0)
        os._exit(0)
    # Is gone before a table of processes can show it: begets a child in a new session and ends.
    def comet():
        deaf(); end = time.time() + 300; note("comet"); last = 0
        while time.time() < end:
            if os.fork(): os._exit(0)
            os.setsid()
        os._exit(0)
    for name in sys.argv[1:]:
        if os.fork() == 0: globals()[name]()
    while True:
        # Its own dead children are reaped, those of the others are not its own.
        try: os.waitpid(-1, os.WNOHANG)
        except ChildProcessError: pass
        time.sleep(0.05)
    """#
}
