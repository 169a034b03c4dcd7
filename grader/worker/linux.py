"""Linux's ways of taking rights away from the calling process, by ctypes. Each raises OSError if refused."""

from __future__ import annotations

import ctypes
import os
import platform
from contextlib import suppress
from functools import cache
from typing import Any

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CLONE_NEWNS, _CLONE_NEWCGROUP, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
_CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
_HOST = b"grader"  # the machine's own name is nobody's business
_SPACES = _CLONE_NEWNS | _CLONE_NEWCGROUP | _CLONE_NEWUTS | _CLONE_NEWIPC | _CLONE_NEWPID | _CLONE_NEWNET
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_REC, _MS_PRIVATE = 1 << 14, 1 << 18
_MS_BARE = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _INSTRUCTION_BYTES = 22, 2, 8
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446  # on every architecture
_LANDLOCK_ASK_VERSION = 1


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: Any) -> None:
    """Call a function of libc. Raises OSError if it answers with anything but 0."""
    if getattr(_libc(), name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def prctl(option: int, value: int) -> None:
    _call("prctl", *(ctypes.c_ulong(item) for item in (option, value, 0, 0, 0)))


def die_with_parent(signal_number: int) -> None:
    """Ask for this signal when the thread that forked us ends."""
    prctl(_PR_SET_PDEATHSIG, signal_number)


def refuse_inspection() -> None:
    """No process of the same user may trace us, read our memory, or get our core."""
    prctl(_PR_SET_DUMPABLE, 0)


def gain_nothing() -> None:
    """No later exec may gain rights."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Root without its powers, for the rest of this process's life."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def load_filter(program: bytes) -> None:
    """Install a compiled seccomp filter; `gain_nothing` must have come before."""
    code = ctypes.create_string_buffer(program, len(program))
    description = _Program(len(program) // _INSTRUCTION_BYTES, ctypes.cast(code, ctypes.c_void_p))
    arguments = (ctypes.c_ulong(_PR_SET_SECCOMP), ctypes.c_ulong(_SECCOMP_MODE_FILTER))
    _call("prctl", *arguments, ctypes.byref(description), ctypes.c_ulong(0), ctypes.c_ulong(0))


def landlock_abi() -> int:
    """The version of Landlock that this kernel has. Raises OSError if it has none."""
    return _landlock_create(None, 0, _LANDLOCK_ASK_VERSION)


def make_ruleset(files: int, ports: int, scopes: int) -> int:
    """A Landlock ruleset that denies these kinds of access everywhere: its file descriptor."""
    denied = (ctypes.c_uint64 * 3)(files, ports, scopes)
    return _landlock_create(denied, ctypes.sizeof(denied), 0)


def _landlock_create(denied: ctypes.Array[ctypes.c_uint64] | None, size: int, flags: int) -> int:
    number = ctypes.c_long(_LANDLOCK_CREATE_RULESET)
    result = int(_libc().syscall(number, denied, ctypes.c_size_t(size), ctypes.c_uint32(flags)))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return result


def enter_landlock(ruleset: int) -> None:
    """Enforce the ruleset of this file descriptor; `gain_nothing` must have come before."""
    _call("syscall", ctypes.c_long(_LANDLOCK_RESTRICT_SELF), ctypes.c_long(ruleset), ctypes.c_long(0))


def enter_namespaces() -> None:
    """New user, mount, network, pid, ipc, uts and cgroup namespaces, and an empty root.

    The pid namespace begins with the next fork. Open files stay open.
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        _call("unshare", _CLONE_NEWUSER | _SPACES)
    except OSError:
        if uid != 0:
            raise
        _call("unshare", _SPACES)  # user namespaces are switched off, and root needs none
    else:
        _map_ids(uid, gid)
    with suppress(OSError):  # some containers forbid it, and the name is all that is lost
        _call("sethostname", _HOST, ctypes.c_size_t(len(_HOST)))
    _empty_root()


def _map_ids(uid: int, gid: int) -> None:
    """We keep our own user and group, and no other exists."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _empty_root() -> None:
    """Exchange the root for an empty, read-only file system; /proc is but a folder that surely exists."""
    _call("mount", None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None)
    _call("mount", b"none", b"/proc", b"tmpfs", ctypes.c_ulong(_MS_BARE), b"size=4k,nr_inodes=2,mode=0555")
    os.chdir("/proc")
    _call("syscall", ctypes.c_long(_PIVOT_ROOT[platform.machine()]), b".", b".")
    _call("umount2", b".", _MNT_DETACH)
    os.chdir("/")
    _call("mount", None, b"/", None, ctypes.c_ulong(_MS_REMOUNT | _MS_RDONLY | _MS_BARE), None)
