"""A small interpreter of the classic BPF that seccomp runs, for filters of machines that are not at hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_INSTRUCTION = struct.Struct("<HBBI")
_DATA = struct.Struct("<IIQ6Q")
_MOST_INSTRUCTIONS = 4096
_LOAD, _AND, _JUMP, _RETURN = 0x20, 0x54, 0x05, 0x06
#: Conditional jumps, with a constant: equal, greater, greater or equal, any bit set.
_CONDITIONS = {
    0x15: lambda a, k: a == k,
    0x25: lambda a, k: a > k,
    0x35: lambda a, k: a >= k,
    0x45: lambda a, k: a & k != 0,
}

Instruction = tuple[int, int, int, int]


class BadProgram(ValueError):
    """The kernel would refuse the program, or this interpreter does not know one of its instructions."""


def parse(program: bytes) -> list[Instruction]:
    """The instructions (code, jump if true, jump if false, constant), checked as the kernel checks them.

    Raises BadProgram.
    """
    if len(program) % _INSTRUCTION.size:
        raise BadProgram("a cut instruction")
    found = list(_INSTRUCTION.iter_unpack(program))
    if not 0 < len(found) <= _MOST_INSTRUCTIONS:
        raise BadProgram("no program, or too long a one")
    for at, instruction in enumerate(found):
        _check(at, instruction, len(found))
    if found[-1][0] != _RETURN:
        raise BadProgram("it does not end in a return")
    return found


def _check(at: int, instruction: Instruction, length: int) -> None:
    code, true, false, constant = instruction
    if code == _LOAD and (constant % 4 or constant >= _DATA.size):
        raise BadProgram(f"a load from {constant}")
    if code in _CONDITIONS and at + 1 + max(true, false) >= length:
        raise BadProgram(f"a jump out of the program, at {at}")
    if code == _JUMP and at + 1 + constant >= length:
        raise BadProgram(f"a jump out of the program, at {at}")
    if code not in (_LOAD, _AND, _JUMP, _RETURN, *_CONDITIONS):
        raise BadProgram(f"unknown instruction {code:#x} at {at}")


def decide(program: Sequence[Instruction], number: int, arch: int, args: Sequence[int] = ()) -> int:
    """What the program says of one system call: a SECCOMP_RET value."""
    values = [*args, 0, 0, 0, 0, 0, 0][:6]
    data = struct.unpack("<16I", _DATA.pack(number & 0xFFFFFFFF, arch, 0x7FFF_DEAD_BEEF, *values))
    accumulator, at = 0, 0
    while True:
        code, true, false, constant = program[at]
        at += 1
        if code == _RETURN:
            return constant
        if code == _LOAD:
            accumulator = data[constant // 4]
        elif code == _AND:
            accumulator &= constant
        elif code == _JUMP:
            at += constant
        else:
            at += true if _CONDITIONS[code](accumulator, constant) else false
