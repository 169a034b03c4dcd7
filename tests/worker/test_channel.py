"""The host's end of the channel, with a test in the place of the worker."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from grader.worker.channel import Channel, DeadlinePassed, PipeStream, WorkerDied
from grader.worker.protocol import HEADER, Kind, ProtocolError, after, frame, join_parts, split_parts

RESULTS = {Kind.RESULT: 100}


class Peer:
    """The other ends of the channel's two pipes."""

    def __init__(self) -> None:
        self.requests, requests = os.pipe()
        replies, self.replies = os.pipe()
        self.channel = Channel(PipeStream(replies, requests))

    def ask(self) -> int:
        """The host asks; gives the number that it begins with."""
        self.channel.request(Kind.CALLS, b"x", _soon())
        sequence: int = HEADER.unpack(os.read(self.requests, HEADER.size + 1)[: HEADER.size])[0]
        return sequence

    def send(self, data: bytes) -> None:
        os.write(self.replies, data)

    def hang_up(self) -> None:
        for file in (self.requests, self.replies):
            if file >= 0:
                os.close(file)
        self.requests = self.replies = -1


@pytest.fixture
def peer() -> Iterator[Peer]:
    one = Peer()
    yield one
    one.hang_up()
    one.channel.stream.close()


def _soon() -> float:
    return time.monotonic() + 0.2


def test_replies_are_numbered_from_the_request(peer: Peer) -> None:
    sequence = peer.ask()
    peer.send(frame(after(sequence), Kind.RESULT, b"one") + frame(after(after(sequence)), Kind.RESULT, b""))
    assert peer.channel.receive(RESULTS, _soon()) == (Kind.RESULT, b"one")
    assert peer.channel.receive(RESULTS, _soon()) == (Kind.RESULT, b"")
    peer.channel.end()


def test_numbers_wrap() -> None:
    assert after(2**64 - 1) == 0


@pytest.mark.parametrize(
    "reply",
    [
        lambda number: frame(number, Kind.RESULT, b""),
        lambda number: frame((number + 2) % 2**64, Kind.RESULT, b""),
        lambda number: frame(after(number), Kind.LOADED, b""),
        lambda number: HEADER.pack(after(number), 77, 0),
        lambda number: HEADER.pack(after(number), Kind.RESULT, 101),
        lambda number: HEADER.pack(after(number), Kind.RESULT, 2**32 - 1),
    ],
    ids=["same number", "skipped number", "other kind", "no kind", "too long", "4 GB"],
)
def test_other_frames_are_protocol_errors(peer: Peer, reply: object) -> None:
    peer.send(reply(peer.ask()))  # type: ignore[operator]
    with pytest.raises(ProtocolError):
        peer.channel.receive(RESULTS, _soon())


def test_bytes_before_a_request_are_a_protocol_error(peer: Peer) -> None:
    peer.send(b"early")
    with pytest.raises(ProtocolError, match="without a request"):
        peer.ask()


def test_bytes_after_the_last_reply_are_a_protocol_error(peer: Peer) -> None:
    peer.send(frame(after(peer.ask()), Kind.RESULT, b"") + b"x")
    peer.channel.receive(RESULTS, _soon())
    with pytest.raises(ProtocolError, match="after the last"):
        peer.channel.end()


def test_bytes_that_come_later_are_found_at_the_next_request(peer: Peer) -> None:
    peer.send(frame(after(peer.ask()), Kind.RESULT, b""))
    peer.channel.receive(RESULTS, _soon())
    peer.channel.end()
    peer.send(b"late")
    with pytest.raises(ProtocolError):
        peer.channel.request(Kind.CALLS, b"", _soon())


def test_silence_ends_at_the_deadline(peer: Peer) -> None:
    peer.ask()
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        peer.channel.receive(RESULTS, began + 0.1)
    assert 0.09 < time.monotonic() - began < 0.19 + 0.5


def test_a_drip_of_bytes_does_not_prolong_the_deadline(peer: Peer) -> None:
    number = after(peer.ask())
    peer.send(frame(number, Kind.RESULT, b"xyz")[:-1])
    with pytest.raises(DeadlinePassed):
        peer.channel.receive(RESULTS, time.monotonic() + 0.05)


def test_a_worker_that_does_not_read_ends_at_the_deadline(peer: Peer) -> None:
    with pytest.raises(DeadlinePassed):
        peer.channel.request(Kind.CALLS, bytes(1 << 20), time.monotonic() + 0.1)


def test_a_worker_that_hangs_up_has_died(peer: Peer) -> None:
    peer.ask()
    peer.hang_up()
    with pytest.raises(WorkerDied):
        peer.channel.receive(RESULTS, _soon())
    with pytest.raises(WorkerDied):
        peer.channel.stream.write(b"x", _soon())


def test_parts() -> None:
    parts = [b"", b"one", bytes(300)]
    assert [bytes(part) for part in split_parts(join_parts(parts))] == parts
    for cut in (1, 3, 6, 9):
        with pytest.raises(ProtocolError):
            split_parts(join_parts(parts)[:-cut] + b"")
