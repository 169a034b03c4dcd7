"""The caps on what student code may use and send. All are enforced by the host or the kernel."""

from __future__ import annotations

from dataclasses import dataclass

from grader.worker.codec import Caps

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on one submission. Seconds are wall-clock seconds."""

    call_seconds: float = 2.0
    """For one call, its call-backs and (with `watch`) its second run included."""
    load_seconds: float = 3.0
    """For executing all definitions of a program."""
    run_seconds: float = 60.0
    """For one `run`, whatever happens in it; later calls get `not-run`."""
    search_seconds: float = 6.0
    """For all variants that one search for a proof tries."""
    variant_seconds: float = 0.5
    """For one call of such a variant: what it would mend comes to an end in a few milliseconds."""
    submission_seconds: float = 30.0
    """For all runs, searches and repairs of one submission; later calls get `not-run`. A usual one takes 0.1 s,
    one whose functions all hang less than 20 s."""
    extract_seconds: float = 5.0
    """For reading a notebook, which takes 10 ms, and for each search for repairs."""
    memory_bytes: int = 1024 * MIB
    """Address space of a worker; numpy alone takes 140 MiB of it."""
    stdout_chars: int = 64 * 1024
    """Kept of what one call prints; the rest is dropped."""
    facts_bytes: int = 64 * MIB
    """Size of what reading a notebook tells, its sources included."""
    reply_bytes: int = 2 * MIB
    """Size of one result. The grader compares it, again and again, so it must not be large."""
    reply_nodes: int = 10_000
    """Numbers, texts and containers in one result."""
    reply_array_nodes: int = 4
    """As how many of these an array counts: what the grader does with each takes longer."""
    callbacks: int = 5_000
    """Uses of right helpers in one call."""
    callback_elements: int = 2_048
    """Elements of one array that is passed to a right helper."""
    callback_ndim: int = 2
    """Every helper is one of matrices; a stack of them is broadcast to many."""
    callback_side: int = 128
    """Length of one axis of such an array: a column times a row is a matrix."""
    callback_nodes: int = 256
    """Arrays, numbers, texts and containers in the arguments of one use of a right helper."""
    callback_int: int = 1_024
    """Magnitude of an integer passed to a right helper: sizes become memory and time of the grader."""
    callback_int_sum: int = 4_096
    """Sum of all integers in the arguments of one use of a right helper, for they may be sizes of layers."""
    callback_bytes: int = MIB
    """Size of the request for, and the result of, one use of a right helper."""


def reply_caps(limits: Limits) -> Caps:
    """What the codec carries of one result: up to 4 bytes for each character that is printed."""
    texts = 4 * limits.stdout_chars + 64
    return Caps(
        total_bytes=limits.reply_bytes,
        nodes=limits.reply_nodes,
        text_bytes=texts,
        array_nodes=limits.reply_array_nodes,
    )
