"""Makes this Python, and all that it starts, lack what macOS or Windows lacks, as far as that can be had on Linux.

    python pretend.py darwin|win32 ARGUMENTS OF GRADER...

Names are taken away, modules blocked, files refused that are Linux's. What is left of Linux is what its own library
needs, which has been imported before and finds what it needs; `os.name` stays, for pathlib goes by it.
"""

import contextlib
import errno
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from types import ModuleType

HERE = os.path.dirname(os.path.abspath(__file__))
#: Packages that look at sys.platform when they are imported.
EARLY = "asyncio uuid socket select multiprocessing.connection shutil ctypes mmap unittest.mock numpy numpy.testing click rich.console jinja2 yaml msgspec nbformat pytest"
NOT_ON_MACOS = {
    "os": "sched_getaffinity sched_setaffinity memfd_create pidfd_open posix_fadvise posix_fallocate getrandom eventfd "
    "splice pipe2 copy_file_range setresuid getresuid setresgid getresgid getxattr setxattr listxattr removexattr "
    "fdatasync unshare setns O_TMPFILE O_PATH O_DIRECT O_NOATIME O_LARGEFILE O_RSYNC GRND_NONBLOCK MFD_CLOEXEC",
    "signal": "sigtimedwait sigwaitinfo pidfd_send_signal SIGPWR SIGPOLL SIGSTKFLT SIGRTMIN SIGRTMAX SIGCLD",
    "resource": "prlimit RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME RLIMIT_SIGPENDING RLIMIT_OFILE",
    "select": "epoll",
    "socket": "SOCK_CLOEXEC SOCK_NONBLOCK AF_NETLINK AF_PACKET AF_VSOCK SO_PEERCRED",
}
NOT_ON_WINDOWS = {
    "os": NOT_ON_MACOS["os"]
    + " fork forkpty killpg setsid getsid setpgid getpgid getpgrp setpgrp getuid geteuid getgid getegid getgroups "
    "setuid seteuid setgid setegid setreuid setregid setgroups initgroups chown lchown fchown fchmod chroot mkfifo "
    "mknod nice openpty login_tty pread pwrite preadv pwritev readv writev sched_yield sched_getscheduler set_blocking "
    "get_blocking statvfs fstatvfs sync ttyname tcgetpgrp tcsetpgrp wait wait3 wait4 waitid uname posix_spawn "
    "posix_spawnp sendfile getloadavg ctermid confstr sysconf pathconf fpathconf lockf register_at_fork fchdir "
    "getpriority setpriority makedev major minor O_CLOEXEC O_NOFOLLOW O_NONBLOCK O_DIRECTORY O_NOCTTY O_SYNC O_DSYNC "
    "O_ASYNC WUNTRACED WCONTINUED WIFEXITED WEXITSTATUS WIFSIGNALED WTERMSIG WIFSTOPPED WSTOPSIG WCOREDUMP",
    "signal": NOT_ON_MACOS["signal"]
    + " SIGKILL SIGHUP SIGALRM SIGCHLD SIGUSR1 SIGUSR2 SIGPIPE SIGQUIT SIGTSTP SIGSTOP SIGCONT SIGTTIN SIGTTOU SIGBUS "
    "SIGIO SIGPROF SIGSYS SIGTRAP SIGURG SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ setitimer getitimer alarm pause sigwait "
    "pthread_sigmask pthread_kill sigpending siginterrupt ITIMER_REAL ITIMER_PROF ITIMER_VIRTUAL SIG_BLOCK SIG_UNBLOCK",
    "select": "poll epoll POLLIN POLLOUT POLLHUP POLLERR PIPE_BUF",
    "socket": NOT_ON_MACOS["socket"] + " AF_UNIX SO_REUSEPORT SCM_RIGHTS send_fds recv_fds",
    "time": "tzset clock_gettime clock_getres CLOCK_MONOTONIC CLOCK_REALTIME pthread_getcpuclockid",
    "mmap": "MAP_SHARED MAP_PRIVATE MAP_ANONYMOUS PROT_READ PROT_WRITE",
}
NO_MODULES_ON_WINDOWS = (
    "fcntl resource termios tty pty pwd grp syslog readline curses crypt spwd nis _posixshmem"
)
LINUX_ONLY_FILES = ("/proc", "/sys", "/dev/shm")


def be(system: str) -> None:
    """Take away what `system` does not have, here and in all processes that are started from here."""
    for name in EARLY.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    platform.uname()  # which it remembers
    tempfile._O_TMPFILE_WORKS = False  # type: ignore[attr-defined]  # what is left of Linux's tempfile asks this
    windows = system == "win32"
    fake = msvcrt() if windows else None
    kill = signal.SIGKILL
    for module, names in (NOT_ON_WINDOWS if windows else NOT_ON_MACOS).items():
        for name in names.split():
            vars(importlib.import_module(module)).pop(name, None)
    if fake is not None:
        os.O_BINARY = 0  # type: ignore[attr-defined]
        sys.modules.update(dict.fromkeys(NO_MODULES_ON_WINDOWS.split(), None), msvcrt=fake)
    subprocess.Popen = popen(system, kill)  # type: ignore[misc]
    sys.platform = system
    sys.addaudithook(refuse_on_windows if windows else refuse_on_macos)


def msvcrt() -> ModuleType:
    """Locks of bytes, as Windows has them."""
    import fcntl

    def locking(file: int, mode: int, size: int) -> None:
        kind = fcntl.LOCK_EX if mode == 1 else fcntl.LOCK_EX | fcntl.LOCK_NB
        try:
            fcntl.lockf(file, kind, size, 0, os.SEEK_CUR)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None

    module = ModuleType("msvcrt")
    vars(module).update(LK_UNLCK=0, LK_LOCK=1, LK_NBLCK=2, locking=locking, setmode=lambda file, flags: 0)
    return module


def popen(system: str, kill: int) -> type:
    """A Popen whose Pythons pretend, too, and which takes what `system` takes."""

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, command: list[str], **options: object) -> None:
            if system == "win32":
                unix = {"pass_fds", "preexec_fn", "start_new_session", "process_group"} & options.keys()
                assert not unix, f"Windows has no {unix}"
                options.pop("creationflags", None)
            if "-c" in command:
                at = command.index("-c") + 1
                code = f"import sys; sys.path.insert(0, {HERE!r}); import pretend; pretend.be_child({system!r})\n"
                command = [*command[:at], code + command[at], *command[at + 1 :]]
            super().__init__(command, **options)

        def send_signal(self, number: int) -> None:
            if self.poll() is None:
                os.kill(self.pid, kill if system == "win32" else number)

        def kill(self) -> None:
            self.send_signal(kill)

    return Popen


def be_child(system: str) -> None:
    """Before a process's own code runs; its first argument is the path that it will have."""
    before = sys.path[1:]
    sys.path += json.loads(sys.argv[1])
    be(system)
    sys.path[:] = before


def refuse_on_macos(event: str, args: tuple[object, ...]) -> None:
    if event == "ctypes.dlsym" and args[1] in ("prctl", "capset", "unshare", "setns"):
        raise AttributeError(args[1])
    refuse_files(event, args)


def refuse_on_windows(event: str, args: tuple[object, ...]) -> None:
    if event == "ctypes.dlopen" and args[0] is None:
        raise TypeError("bad argument type for built-in operation")
    refuse_files(event, args)
    if event in ("open", "os.mkdir", "os.rename", "os.link"):
        for path in args[: 2 if event in ("os.rename", "os.link") else 1]:
            if isinstance(path, str | bytes) and set(os.fsdecode(path)) & set(':*?"<>|'):
                raise OSError(errno.EINVAL, "Invalid argument", path)


def refuse_files(event: str, args: tuple[object, ...]) -> None:
    if event in ("open", "os.listdir", "os.scandir") and str(args[0]).startswith(LINUX_ONLY_FILES):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", args[0])


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    _, wanted, *sys.argv[1:] = sys.argv
    be(wanted)
    from grader.cli.main import main

    sys.argv[0] = "grader"
    main()
