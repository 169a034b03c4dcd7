"""Things outside the worker that an attack is after. Each is a context manager; leaving it clears up."""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attack_arena import descendants, number
from attack_case import THROUGH

_PROMPT = 2.0
_IPC_RMID, _KEY_SEARCH, _KEY_UNLINK, _USER_KEYRING = 0, 10, 9, -4


def token() -> str:
    return f"canary{secrets.token_hex(8)}"


@dataclass
class Secret:
    """Texts that must not come out of a worker."""

    facts: Mapping[str, Any]
    secrets: tuple[str, ...]

    def breached(self, loot: str) -> bool:
        return any(secret in loot for secret in self.secrets)


@contextmanager
def claim(folder: Path) -> Iterator[Secret]:
    """The attack says itself that it got through: for rights that leave no trace outside."""
    yield Secret({}, (THROUGH,))


@contextmanager
def hidden_file(folder: Path) -> Iterator[Secret]:
    """A file of hidden tests, at a path that the student has guessed; content and size are secrets."""
    secret, size = token(), secrets.randbelow(50_000) + 40_000
    path = folder / "hidden_tests.py"
    path.write_text(secret.ljust(size))
    yield Secret({"FOLDER": str(folder), "PATH": str(path)}, (secret, f"size {size}"))


@contextmanager
def hidden_name(folder: Path) -> Iterator[Secret]:
    """A folder of submissions, in which names are secrets."""
    secret = token()
    (folder / secret).mkdir()
    yield Secret({"FOLDER": str(folder)}, (secret,))


@contextmanager
def open_file(folder: Path) -> Iterator[Secret]:
    """A file that the grader has open."""
    secret = token()
    path = folder / "open"
    path.write_text(secret)
    with path.open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        yield Secret({"PID": os.getpid(), "FD": file.fileno()}, (secret,))


@contextmanager
def reference(folder: Path) -> Iterator[Secret]:
    """The reference solution, as it lies beside the grader."""
    from grader.references import dnn

    path = Path(str(dnn.__file__))
    lines = [line.strip() for line in path.read_text().splitlines() if line.isascii()]  # it may come as bytes
    yield Secret({"PATH": str(path)}, (max(lines, key=len)[:60],))


@contextmanager
def graders_memory(folder: Path) -> Iterator[Secret]:
    """A text in the memory of the grading process."""
    secret = token()
    buffer = ctypes.create_string_buffer(secret.encode())
    yield Secret({"PID": os.getpid(), "ADDRESS": ctypes.addressof(buffer), "SIZE": len(secret)}, (secret,))


@contextmanager
def graders_environment(folder: Path) -> Iterator[Secret]:
    """A variable of the grader's environment; it is there when later zygotes start, too."""
    secret = token()
    os.environ["GRADER_TOKEN"] = secret
    yield Secret({}, (secret,))
    del os.environ["GRADER_TOKEN"]


@contextmanager
def _process(source: str, **rest: Any) -> Iterator[subprocess.Popen[str]]:
    """Another process of the same user, which has said a line that it is there."""
    command = [sys.executable, "-I", "-c", source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **rest) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


_SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
_HOLDER = (
    "import ctypes, sys, time; buffer = ctypes.create_string_buffer(sys.argv[1].encode());"
    "print(ctypes.addressof(buffer), flush=True); time.sleep(60)"
)


@contextmanager
def others_environment(folder: Path) -> Iterator[Secret]:
    secret = token()
    with _process(_SLEEPER, env={"SECRET": secret}) as process:
        _line(process)
        yield Secret({"PID": process.pid}, (secret,))


@contextmanager
def others_memory(folder: Path) -> Iterator[Secret]:
    """A text of 8 bytes, a machine word, in the memory of another process."""
    secret = secrets.token_hex(4)
    command = [sys.executable, "-I", "-c", _HOLDER, secret]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Secret({"PID": process.pid, "ADDRESS": int(_line(process))}, (secret,))
        finally:
            process.kill()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@dataclass
class Bystander:
    """A process that must live on as it is."""

    process: subprocess.Popen[str]
    facts: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.facts = {"PID": self.process.pid}
        self.before = self.state()

    def state(self) -> tuple[bool, bool, int]:
        """Alive, stopped, niceness."""
        pid = self.process.pid
        alive = self.process.poll() is None
        stat = Path(f"/proc/{pid}/stat").read_text() if alive else ""
        return alive, ") T" in stat or ") t" in stat, os.getpriority(os.PRIO_PROCESS, pid) if alive else 0

    def breached(self, loot: str) -> bool:
        time.sleep(0.02)  # a signal takes a moment
        return self.state() != self.before


@contextmanager
def bystander(folder: Path) -> Iterator[Bystander]:
    with _process(_SLEEPER) as process:
        _line(process)
        yield Bystander(process)


@dataclass
class Untouched:
    """A folder with a gradebook, which must stay as it is: names, kinds, modes, times, contents."""

    folder: Path
    facts: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "grades.csv").write_text("ada,100\n")
        self.facts = {"FOLDER": str(self.folder), "PATH": str(self.folder / "grades.csv")}
        self.before = self.state()

    def state(self) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = [(self.folder.is_mount(),)]
        for path in sorted(self.folder.iterdir()):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found.append((path.name, status.st_mode, status.st_mtime_ns, status.st_size, content))
        return found

    def breached(self, loot: str) -> bool:
        return self.state() != self.before


@contextmanager
def graded_folder(folder: Path) -> Iterator[Untouched]:
    below = folder / "graded"
    below.mkdir(exist_ok=True)
    yield Untouched(below)
    while below.is_mount():
        ctypes.CDLL(None).umount2(str(below).encode(), 2)


@dataclass
class Listener:
    """A socket that nobody may reach."""

    socket: socket.socket
    facts: Mapping[str, Any]

    def breached(self, loot: str) -> bool:
        return bool(select.select([self.socket], [], [], _PROMPT if THROUGH in loot else 0)[0])


@contextmanager
def tcp_port(folder: Path) -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Listener(server, {"PORT": server.getsockname()[1]})


@contextmanager
def udp_port(folder: Path) -> Iterator[Listener]:
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield Listener(server, {"PORT": server.getsockname()[1]})


@contextmanager
def _unix(address: str) -> Iterator[Listener]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        yield Listener(server, {"ADDRESS": address})


@contextmanager
def abstract_socket(folder: Path) -> Iterator[Listener]:
    with _unix(f"\0{token()}") as listener:
        yield listener


@contextmanager
def path_socket(folder: Path) -> Iterator[Listener]:
    path = f"/tmp/{token()}"  # a socket's path must be short
    with _unix(path) as listener:
        yield listener
    os.unlink(path)


@dataclass
class Descent:
    """No process may be started, let alone outlive its worker. At most two workers are ours."""

    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = descendants(os.getpid())

    def breached(self, loot: str) -> bool:
        end = time.monotonic() + (_PROMPT if THROUGH in loot else 0)
        while not (found := len(descendants(os.getpid()) - self.before) > 2) and time.monotonic() < end:
            time.sleep(0.01)
        return found


@contextmanager
def no_orphans(folder: Path) -> Iterator[Descent]:
    yield Descent()


@dataclass
class ZygoteState:
    """The process that workers come from must live and go on."""

    pid: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    def breached(self, loot: str) -> bool:
        time.sleep(0.02)
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2][0] in "ZTX"
        except FileNotFoundError:
            return True


@dataclass
class Dropped:
    """A name in a place that all processes share."""

    facts: Mapping[str, Any]
    exists: Any

    def breached(self, loot: str) -> bool:
        return bool(self.exists())


@contextmanager
def shared_memory(folder: Path) -> Iterator[Dropped]:
    path = Path("/dev/shm") / token()
    yield Dropped({"PATH": str(path)}, path.exists)
    path.unlink(missing_ok=True)


@contextmanager
def sysv_memory(folder: Path) -> Iterator[Dropped]:
    key, libc = secrets.randbelow(2**30) + 1, ctypes.CDLL(None)
    yield Dropped({"KEY": key}, lambda: libc.shmget(key, 0, 0) >= 0)
    if (found := libc.shmget(key, 0, 0)) >= 0:
        libc.shmctl(found, _IPC_RMID, None)


@contextmanager
def keyring(folder: Path) -> Iterator[Dropped]:
    name, libc = token(), ctypes.CDLL(None)
    control = ctypes.c_long(number("keyctl"))

    def found() -> int:
        arguments = (ctypes.c_long(_USER_KEYRING), b"user", name.encode(), ctypes.c_long(0))
        return int(libc.syscall(control, ctypes.c_long(_KEY_SEARCH), *arguments))

    yield Dropped({"NAME": name}, lambda: found() > 0)
    if (key := found()) > 0:
        libc.syscall(control, ctypes.c_long(_KEY_UNLINK), ctypes.c_long(key), ctypes.c_long(_USER_KEYRING))


@dataclass
class Terminal:
    """A terminal, into which nobody may type."""

    master: int
    slave: int
    facts: Mapping[str, Any]

    def breached(self, loot: str) -> bool:
        return bool(select.select([self.slave], [], [], 0)[0])


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    import termios
    import tty

    master, slave = os.openpty()
    tty.setraw(slave)
    yield Terminal(master, slave, {"PATH": os.ttyname(slave), "TIOCSTI": termios.TIOCSTI})
    os.close(master)
    os.close(slave)


@contextmanager
def locked_file(folder: Path) -> Iterator[Secret]:
    """A file by whose lock two students could signal."""
    path = folder / "lock"
    path.touch()
    yield Secret({"PATH": str(path), "LOCK": fcntl.LOCK_EX}, (THROUGH,))
    with suppress(OSError):
        path.unlink()
