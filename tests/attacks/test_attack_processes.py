"""Attacks on other processes (A, D): their memory, their lives, new ones, rights."""

from __future__ import annotations

import platform
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import attack_canaries as canaries
from attack_arena import Arena
from attack_case import AS_ROOT, BREACHED, ON_SOME_KERNELS, Case, per_tier

#: mov eax, 20 (getpid of the 32-bit table); int 0x80; ret
_FOREIGN = r"b'\xb8\x14\x00\x00\x00\xcd\x80\xc3'"

READING = (
    Case(
        5,
        "read-the-graders-memory",
        """
        memory = open(f"/proc/{PID}/mem", "rb", 0)
        memory.seek(ADDRESS)
        print(memory.read(SIZE))
        """,
        canaries.graders_memory,
        BREACHED,
    ),
    Case(
        6,
        "read-anothers-environment",
        "print(open(f'/proc/{PID}/environ').read())",
        canaries.others_environment,
        BREACHED,
    ),
    Case(
        7,
        "read-the-graders-memory-by-process-vm-readv",
        """
        found = ctypes.create_string_buffer(SIZE)
        here = (ctypes.c_uint64 * 2)(ctypes.addressof(found), SIZE)
        there = (ctypes.c_uint64 * 2)(ADDRESS, SIZE)
        one, none = ctypes.c_long(1), ctypes.c_long(0)
        raw(NR_process_vm_readv, ctypes.c_long(PID), here, one, there, one, none)
        print(found.value)
        """,
        canaries.graders_memory,
        BREACHED,
        walled="error",
    ),
    Case(
        8,
        "trace-another-process",
        """
        trace = ctypes.CDLL(None).ptrace
        trace.restype = ctypes.c_long
        trace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        trace(16, PID, 0, 0)
        os.waitpid(PID, 0)
        print(trace(2, PID, ADDRESS, 0).to_bytes(8, "little", signed=True))
        trace(17, PID, 0, 0)
        """,
        canaries.others_memory,
        BREACHED,
        walled="error",
    ),
    Case(
        9,
        "trace-the-zygote",
        """
        if ctypes.CDLL(None).ptrace(0x4206, os.getppid(), None, None) == 0:
            print("THROUGH")
        """,
        canaries.claim,
        AS_ROOT,
        walled="error",
    ),
    Case(
        17,
        "take-a-file-of-the-grader",
        """
        process = raw(NR_pidfd_open, ctypes.c_long(PID), ctypes.c_long(0))
        file = raw(NR_pidfd_getfd, ctypes.c_long(process), ctypes.c_long(FD), ctypes.c_long(0))
        print(os.pread(file, 100, 0))
        """,
        canaries.open_file,
        BREACHED,
        walled="error",
    ),
)

_ORPHAN = """
if os.fork() == 0:
    try:
        os.setsid()
        if os.fork() == 0:
            time.sleep(30)
    finally:
        os._exit(0)
print("THROUGH")
"""
STARTING = (
    Case(60, "daemon", _ORPHAN, canaries.no_orphans, AS_ROOT),
    Case(
        61,
        "run-a-program",
        "load('subprocess').run(['/bin/rm', PATH], check=True)",
        canaries.graded_folder,
        AS_ROOT,
    ),
    Case(
        62,
        "become-a-program",
        "os.execv('/bin/rm', ['rm', PATH])",
        canaries.graded_folder,
        AS_ROOT,
        free="error",
    ),
    Case(
        63,
        "posix-spawn",
        "os.waitpid(os.posix_spawn('/bin/rm', ['rm', PATH], {}), 0)",
        canaries.graded_folder,
        AS_ROOT,
    ),
    Case(
        64,
        "clone3",
        """
        wishes = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
        child = raw(NR_clone3, wishes, ctypes.c_long(88))
        if child == 0:
            os._exit(0)
        print("THROUGH", child)
        """,
        canaries.claim,
        AS_ROOT,
    ),
    Case(
        65,
        "fork-bomb",
        """
        for i in range(30):
            if os.fork() == 0:
                try:
                    time.sleep(30)
                finally:
                    os._exit(0)
            print("THROUGH")
        """,
        canaries.no_orphans,
        AS_ROOT,
    ),
    Case(
        66,
        "thread-bomb",
        """
        threading = load("threading")
        for i in range(50):
            threading.Thread(target=time.sleep, args=(0.2,), daemon=True).start()
            print("THROUGH")
        """,
        canaries.claim,
        AS_ROOT,
        free="passed|error|timeout",
    ),
)

HARMING = (
    Case(67, "kill-another-process", "os.kill(PID, 9)", canaries.bystander, BREACHED),
    Case(69, "stop-another-process", "os.kill(PID, 19)", canaries.bystander, BREACHED),
    Case(
        70,
        "kill-by-tgkill",
        "raw(NR_tgkill, ctypes.c_long(PID), ctypes.c_long(PID), ctypes.c_long(9))",
        canaries.bystander,
        BREACHED,
    ),
    Case(
        71,
        "kill-by-pidfd",
        """
        process = raw(NR_pidfd_open, ctypes.c_long(PID), ctypes.c_long(0))
        raw(NR_pidfd_send_signal, ctypes.c_long(process), ctypes.c_long(9), None, ctypes.c_long(0))
        """,
        canaries.bystander,
        BREACHED,
        walled="error",
    ),
    Case(73, "slow-another-down", "os.setpriority(os.PRIO_PROCESS, PID, 7)", canaries.bystander, BREACHED),
)

GAINING = (
    Case(
        72,
        "raise-the-limits",
        "resource = load('resource'); resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)); print('THROUGH')",
        canaries.claim,
        ON_SOME_KERNELS,
    ),
    Case(74, "become-another-user", "os.setuid(12345); print('THROUGH')", canaries.claim, AS_ROOT),
    Case(
        75,
        "new-user-namespace",
        "raw(NR_unshare, ctypes.c_long(0x10000000)); print('THROUGH')",
        canaries.claim,
        ON_SOME_KERNELS,
        walled="error",
    ),
    Case(
        76,
        "mount",
        "raw(NR_mount, b'none', FOLDER.encode(), b'tmpfs', ctypes.c_long(0), None)",
        canaries.graded_folder,
        AS_ROOT,
        walled="error",
    ),
    Case(77, "chroot", "os.chroot('/'); print('THROUGH')", canaries.claim, AS_ROOT, walled="error"),
    Case(77, "change-the-folder", "os.chdir('/'); print('THROUGH')", canaries.claim, BREACHED),
    Case(
        78,
        "outlive-the-zygote",
        "raw(NR_prctl, *[ctypes.c_long(n) for n in (1, 0, 0, 0, 0)]); print('THROUGH')",
        canaries.claim,
        BREACHED,
    ),
    Case(
        78,
        "lift-the-filter",
        "raw(NR_seccomp, *[ctypes.c_long(n) for n in (0, 0, 0)]); os.open('/', 0); print('THROUGH')",
        canaries.claim,
        "strict mode is one more wall: there is no way to lift a filter",
        walled="error",
        free="error|failed|passed",
    ),
    Case(
        81,
        "type-into-a-terminal",
        "load('fcntl').ioctl(os.open(PATH, os.O_RDWR | os.O_NOCTTY), TIOCSTI, b'x')",
        canaries.terminal,
        ON_SOME_KERNELS,
    ),
)

#: Of x86_64 only: the ways into the kernel that a filter of one table would not see.
FOREIGN = (
    Case(
        79,
        "the-32-bit-table",
        f"""
        mmap = ctypes.CDLL(None).mmap
        mmap.restype = ctypes.c_void_p
        entry = mmap(None, ctypes.c_long(4096), 7, 0x22, -1, ctypes.c_long(0))
        ctypes.memmove(entry, {_FOREIGN}, 8)
        if ctypes.CFUNCTYPE(ctypes.c_int)(entry)() > 0:
            print("THROUGH")
        """,
        canaries.claim,
        ON_SOME_KERNELS,
        walled="error",
        free="passed|error",
    ),
    Case(
        80,
        "the-x32-table",
        "raw(0x40000000 + 39); print('THROUGH')",
        canaries.claim,
        ON_SOME_KERNELS,
        walled="passed|error",
    ),
)
CASES = (*READING, *STARTING, *HARMING, *GAINING, *(FOREIGN if platform.machine() == "x86_64" else ()))

ZYGOTE = (
    Case(
        68,
        "kill-the-zygote",
        "os.kill(os.getppid(), 9)",
        canaries.claim,
        BREACHED,
        free="passed|error|failed",
    ),
    Case(69, "stop-the-zygote", "os.kill(os.getppid(), 19)", canaries.claim, BREACHED),
)


@per_tier(CASES)
def test_process_attack(arena: Arena, case: Case, tmp_path: Path) -> None:
    arena.prove(case, tmp_path)


@per_tier(ZYGOTE)
def test_attack_on_the_zygote(arena: Arena, case: Case, tmp_path: Path) -> None:
    """The canary is the zygote itself. One that is gone is replaced, and costs the neighbour nothing."""
    arena.prove(replace_canary(case, arena), tmp_path)


def replace_canary(case: Case, arena: Arena) -> Case:
    return replace(case, canary=lambda folder: nullcontext(canaries.ZygoteState(arena.zygote())))
