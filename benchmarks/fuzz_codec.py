"""Throws hostile frames at the codec, far more than the tests do.

    python benchmarks/fuzz_codec.py [--frames 1000000] [--seed 1]

Each frame is a mutation of an encoded value. The decoder must reject it, or give a value that encodes and
decodes to the same; and it must do so within bounds of time and memory. Anything else ends the run with an
error and prints the frame.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "worker"))

from test_codec import hostile_samples, judge_frame, mutated  # the tests' own generator

_SLOWEST_SECONDS = 1.0
_MOST_BYTES = 64 << 20


def fuzz(count: int, rng: Random) -> tuple[int, float]:
    """How many of `count` frames were sound, and the slowest one's seconds."""
    samples, sound, slowest = hostile_samples(), 0, 0.0
    for _ in range(count):
        data = mutated(rng.choice(samples), rng)
        began = time.perf_counter()
        try:
            sound += judge_frame(data)
        except BaseException:
            print(f"the frame that did it: {data.hex()}")
            raise
        slowest = max(slowest, time.perf_counter() - began)
    return sound, slowest


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    tracemalloc.start()
    sound, slowest = fuzz(options.frames, Random(options.seed))
    peak = tracemalloc.get_traced_memory()[1]
    seconds = time.perf_counter() - began
    print(f"{options.frames} frames in {seconds:.0f} s: {sound} sound, {options.frames - sound} rejected")
    print(f"slowest {slowest * 1e3:.1f} ms, peak memory {peak >> 20} MiB")
    return int(slowest > _SLOWEST_SECONDS or peak > _MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
