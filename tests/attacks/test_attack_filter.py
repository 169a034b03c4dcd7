"""The seccomp filter of both architectures, call by call, run by an interpreter: no machine of the other is needed.

The numbers are written down in `attack_numbers`, so a wrong table in the library that builds the filter shows, too.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterator
from itertools import product

import attack_numbers as written
import pytest
from attack_arena import Arena
from attack_bpf import BadProgram, Instruction, decide, parse
from attack_case import notebook
from attack_numbers import ARCHITECTURES, numbers

from grader.worker.syscalls import ALLOWED, KILLED, worker_filter

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
#: i386, 32-bit ARM, big-endian aarch64, riscv64, s390x, ppc64le, nothing, everything.
FOREIGN = (0x40000003, 0x40000028, 0x800000B7, 0xC00000F3, 0x80000016, 0xC0000015, 0, 0xFFFFFFFF)
LAST = 600
X32 = 0x40000000
_LARGE = (0, 1, 3, 1 << 32, (1 << 32) + 1, 1 << 63, (1 << 64) - 1)
#: Arguments that a rule may tell apart: equal in one half of a word and not in the other.
ARGUMENTS = (*product(_LARGE, repeat=3), (0, 0, 0, 1), (-1 % (1 << 64),) * 6)
_HARMLESS = ((), (1, 2, 3, 4, 5, 6))


def program(architecture: str, monkeypatch: pytest.MonkeyPatch) -> list[Instruction]:
    with monkeypatch.context() as context:
        context.setattr(platform, "machine", lambda: architecture)
        return parse(worker_filter().program)


def wanted(architecture: str) -> dict[int, int]:
    """What becomes of each call that is named, whatever its arguments."""
    allowed = dict.fromkeys(numbers(written.ALLOWED, architecture).values(), ALLOW)
    killed = dict.fromkeys(numbers(written.KILLED, architecture).values(), KILL)
    special = numbers(written.SPECIAL, architecture)
    fails = {special["ioctl"]: ERRNO | errno.ENOTTY, special["clone3"]: ERRNO | errno.ENOSYS}
    return allowed | killed | fails


def by_arguments(architecture: str, number: int, args: tuple[int, ...]) -> int | None:
    """What becomes of a call that is allowed with some arguments only; None for any other call."""
    special = numbers(written.SPECIAL, architecture)
    values = (*args, 0, 0, 0)
    if number == special["fcntl"]:
        return ALLOW if values[1] in (1, 3) else ERRNO | errno.EPERM
    if number == special["prlimit64"]:
        return ALLOW if values[0] == 0 and values[2] == 0 else ERRNO | errno.EPERM
    return None


def every_call() -> Iterator[int]:
    """All numbers that there are, those of x32 beside them, and odd ones."""
    yield from range(LAST + 1)
    yield from range(X32, X32 + LAST + 1)
    yield from (0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, X32 - 1, 0x10000, 0x0F0000 + 2)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_call_is_decided_as_the_table_says(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, table = program(architecture, monkeypatch), wanted(architecture)
    for number in every_call():
        for args in _HARMLESS:
            right = by_arguments(architecture, number, args)
            if right is None:
                right = table.get(number, ERRNO | errno.EPERM)
            assert decide(code, number, AUDIT[architecture], args) == right, (number, args)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_rules_about_arguments_look_at_all_64_bits(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = program(architecture, monkeypatch)
    for name in ("fcntl", "prlimit64"):
        number = numbers(written.SPECIAL, architecture)[name]
        allowed = 0
        for args in ARGUMENTS:
            got = decide(code, number, AUDIT[architecture], args)
            assert got == by_arguments(architecture, number, args), (name, args)
            allowed += got == ALLOW
        assert 0 < allowed < len(ARGUMENTS), "both are tried"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_call_in_the_way_of_another_architecture_kills(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`int 0x80` on x86_64, 32-bit code on aarch64: their numbers mean other calls."""
    code = program(architecture, monkeypatch)
    other = next(AUDIT[name] for name in ARCHITECTURES if name != architecture)
    for arch in (*FOREIGN, other):
        assert {decide(code, number, arch) for number in every_call()} == {KILL}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nothing_that_reaches_outside_is_allowed_with_any_arguments(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = program(architecture, monkeypatch)
    forbidden = numbers(f"{written.REFUSED} {written.KILLED}", architecture)
    assert len(forbidden) > 150
    forbidden["clone3"] = numbers(written.SPECIAL, architecture)["clone3"]
    for name, number in forbidden.items():
        for args in ARGUMENTS[::7]:
            assert decide(code, number, AUDIT[architecture], args) != ALLOW, (name, args)


def test_the_table_that_is_written_down_is_that_of_the_filter() -> None:
    """By name, so that a call that is added to the filter is added here, and thought about."""
    for text, names in ((written.ALLOWED, ALLOWED), (written.KILLED, KILLED)):
        assert {entry.split("=")[0] for entry in text.split()} == set(names)
    for architecture in ARCHITECTURES:
        parts = (written.ALLOWED, written.KILLED, written.SPECIAL, written.REFUSED)
        all_numbers = [number for text in parts for number in numbers(text, architecture).values()]
        assert len(all_numbers) == len(set(all_numbers)), "one number, one call"


# --------------------------------------------------------------------------- that the tests can fail


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_filter_with_a_fault_is_found_out(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comparison with a number, turned to another call's, changes what becomes of some call."""
    code, openat = program(architecture, monkeypatch), numbers(written.REFUSED, architecture)["openat"]
    read = numbers(written.ALLOWED, architecture)["read"]
    faulty = [(op, true, false, openat if k == read and op == 0x15 else k) for op, true, false, k in code]
    assert decide(code, openat, AUDIT[architecture]) == ERRNO | errno.EPERM
    assert decide(faulty, openat, AUDIT[architecture]) == ALLOW


def test_the_interpreter_refuses_what_the_kernel_refuses() -> None:
    pack = struct.Struct("<HBBI").pack
    end = pack(6, 0, 0, ALLOW)
    for bad in (
        b"",
        end[:-1],
        pack(0x20, 0, 0, 3) + end,
        pack(0x20, 0, 0, 64) + end,
        pack(0x15, 1, 0, 0) + end,
        pack(0x05, 0, 0, 1) + end,
        pack(0x20, 0, 0, 0),
        pack(0x28, 0, 0, 0) + end,
        end * 4097,
    ):
        with pytest.raises(BadProgram):
            parse(bad)
    assert decide(parse(pack(0x45, 0, 1, 4) + end + pack(6, 0, 0, 0)), 0, 0) == 0


#: On x86_64 the kernel lets these by any filter; but from its own probes they are an illegal instruction.
UPROBES = {335, 336}
_TRY_ALL = """
def attack(skipped):
    call, said = ctypes.CDLL(None, use_errno=True).syscall, {}
    for number in range(LAST + 1):
        if number not in skipped:
            ctypes.set_errno(0)
            said[number] = ctypes.get_errno() if call(ctypes.c_long(number), 0, 0, 1, 0, 0, 0) == -1 else 0
    return said
"""


@pytest.mark.parametrize("arena", ["seccomp", "strong"], indirect=True)
def test_the_kernel_decides_as_the_interpreter_does(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call that neither passes nor kills, on this machine's architecture: its error is the predicted one."""
    architecture = platform.machine()
    code = program(architecture, monkeypatch)
    said = {number: decide(code, number, AUDIT[architecture], (0, 0, 1)) for number in range(LAST + 1)}
    errors = {number: value & 0xFFFF for number, value in said.items() if value >> 16 == ERRNO >> 16}
    assert len(errors) > 300
    data = notebook(
        "import ctypes\nimport numpy as np",
        f"LAST = {LAST}\n{_TRY_ALL}",
        f"def linear_forward(A, W, b):\n    return attack({set(said) - set(errors) | UPROBES}), 1",
    )
    arena.grade(data, "linear_forward")
    outcome = arena.recorder.outcomes[0]
    assert outcome.status == "value", outcome
    assert outcome.value[0] == {number: error for number, error in errors.items() if number not in UPROBES}
