"""Attacks by way of the network (E)."""

from __future__ import annotations

from pathlib import Path

import attack_canaries as canaries
from attack_arena import Arena
from attack_case import BREACHED, ON_SOME_KERNELS, Case, per_tier

CASES = (
    Case(
        82,
        "tcp-to-this-machine",
        "load('socket').create_connection(('127.0.0.1', PORT), 1); print('THROUGH')",
        canaries.tcp_port,
        BREACHED,
    ),
    Case(
        83,
        "udp",
        """
        socket = load("socket")
        socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT))
        print("THROUGH")
        """,
        canaries.udp_port,
        BREACHED,
    ),
    Case(
        84,
        "abstract-unix-socket",
        "socket = load('socket'); socket.socket(socket.AF_UNIX).connect(ADDRESS); print('THROUGH')",
        canaries.abstract_socket,
        BREACHED,
    ),
    Case(
        85,
        "unix-socket-with-a-path",
        "socket = load('socket'); socket.socket(socket.AF_UNIX).connect(ADDRESS); print('THROUGH')",
        canaries.path_socket,
        BREACHED,
    ),
    Case(
        86,
        "netlink",
        "socket = load('socket'); socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); print('THROUGH')",
        canaries.claim,
        BREACHED,
    ),
    Case(
        86,
        "virtual-machine-socket",
        "raw(NR_socket, ctypes.c_long(40), ctypes.c_long(1), ctypes.c_long(0)); print('THROUGH')",
        canaries.claim,
        ON_SOME_KERNELS,
    ),
    Case(
        87,
        "io-uring",
        "raw(NR_io_uring_setup, ctypes.c_long(4), ctypes.create_string_buffer(256)); print('THROUGH')",
        canaries.claim,
        ON_SOME_KERNELS,
        walled="error",
    ),
)


@per_tier(CASES)
def test_network_attack(arena: Arena, case: Case, tmp_path: Path) -> None:
    arena.prove(case, tmp_path)
