"""What 10^6 and 10^7 notebooks take: a simulation of shards on a cluster, fed with measured times.

    python benchmarks/scaling.py [--median-ms 12] [--report-kb 14] [--update docs/scaling.md]

Each shard is one array job on one node: it waits in the queue, starts (imports, plan, discovery), then its
pool processes take the next submission whenever they are free. Times per submission are log-normal around
the measured median; some submissions run into the time limit; some break a pool process and are tried
twice; nodes fail and the shard starts again, keeping what its ledger holds. Deterministic for a seed.
"""

from __future__ import annotations

import argparse
import heapq
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

_BEGIN, _END = "<!-- simulation: begin -->", "<!-- simulation: end -->"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A plan and the world it meets. Times in seconds, sizes in bytes."""

    notebooks: int
    shards: int
    nodes: int  # at work at once; further shards wait
    cores: int = 2  # pool processes of a shard
    median: float = 0.012
    sigma: float = 0.6  # of the logarithm
    timeout_rate: float = 0.01
    timeout: float = 6.0
    poison_rate: float = 1e-5  # breaks a pool process, twice
    restart: float = 0.8  # of a pool process
    start: float = 3.0  # of a shard
    resume_each: float = 0.00016  # reading and hashing what is already done
    mtbf_hours: float = 500.0  # of a node
    report_bytes: int = 14_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan came to."""

    hours: float
    core_hours: float
    failures: int
    repeated: int
    slowest_shard: float
    median_shard: float
    internal_errors: int


def simulate(plan: Cluster, seed: int = 1) -> Outcome:
    """Run the plan once."""
    rng = np.random.default_rng(seed)
    sizes = _sizes(plan)
    shards = [_shard(plan, size, rng) for size in sizes]
    lengths = [length for length, _, _, _ in shards]
    return Outcome(
        hours=_makespan(lengths, plan.nodes) / 3600,
        core_hours=sum(lengths) * plan.cores / 3600,
        failures=sum(failures for _, failures, _, _ in shards),
        repeated=sum(repeated for _, _, repeated, _ in shards),
        slowest_shard=max(lengths),
        median_shard=float(np.median(lengths)),
        internal_errors=sum(poisoned for _, _, _, poisoned in shards),
    )


def tables(base: Cluster) -> str:
    """The simulation's part of docs/scaling.md."""
    plans = [
        replace(base, notebooks=10**6, shards=1, nodes=1),
        replace(base, notebooks=10**6, shards=100, nodes=10),
        replace(base, notebooks=10**6, shards=100, nodes=100),
        replace(base, notebooks=10**7, shards=1000, nodes=100),
        replace(base, notebooks=10**7, shards=1000, nodes=100, cores=16),
        replace(base, notebooks=10**7, shards=1000, nodes=100, timeout_rate=0.05),
        replace(base, notebooks=10**7, shards=1000, nodes=100, mtbf_hours=20.0),
        replace(base, notebooks=10**7, shards=50_000, nodes=100),
    ]
    head = [
        (
            f"Planning values: median {base.median * 1000:.1f} ms a submission on one core, {base.timeout_rate:.0%} run into a limit of "
            f"{base.timeout:.0f} s, {base.poison_rate:g} break a pool process twice, a shard starts in {base.start:.0f} s "
            f"(unless said otherwise)."
        ),
        "",
        "| notebooks | shards | nodes × cores | time-outs | node MTBF | wall time | core hours | node failures | graded twice | slowest shard ÷ median | internal errors | reports |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *(_line(plan, simulate(plan)) for plan in plans)])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--median-ms", type=float, default=12.0, help="measured by benchmarks/batch.py on one core"
    )
    parser.add_argument("--report-kb", type=float, default=14.0, help="report.json and feedback.md together")
    parser.add_argument("--timeout", type=float, default=6.0, help="what an endless submission takes")
    parser.add_argument("--update", type=Path, help="a Markdown file with the simulation's two marks")
    options = parser.parse_args()
    base = Cluster(
        1,
        1,
        1,
        median=options.median_ms / 1000,
        timeout=options.timeout,
        report_bytes=int(options.report_kb * 1000),
    )
    text = tables(base)
    print(text)
    if options.update:
        options.update.write_text(_inserted(options.update.read_text(), text))


def _shard(plan: Cluster, size: int, rng: np.random.Generator) -> tuple[float, int, int, int]:
    """One shard's seconds, node failures, submissions graded twice and poisoned submissions."""
    service = rng.lognormal(math.log(plan.median), plan.sigma, size)
    service[rng.random(size) < plan.timeout_rate] = plan.timeout
    poisoned = rng.random(size) < plan.poison_rate
    service[poisoned] = 2 * (service[poisoned] + plan.restart)
    total, failures, repeated, left = 0.0, 0, 0, service
    while True:
        alive = float(rng.exponential(plan.mtbf_hours * 3600))
        kept = (size - len(left)) * plan.resume_each / plan.cores
        ends = _ends(left, plan.cores)
        needed = plan.start + kept + (float(ends.max()) if len(ends) else 0.0)
        if alive >= needed:
            return total + needed, failures, repeated, int(poisoned.sum())
        total, failures = total + alive, failures + 1
        finished = ends <= alive - plan.start - kept
        repeated += min(plan.cores, int((~finished).sum()))
        left = left[~finished]


def _ends(
    service: np.ndarray[tuple[int], np.dtype[np.float64]], cores: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """When each submission is done, if every process takes the next as soon as it is free."""
    free = [0.0] * cores
    ends = np.empty(len(service))
    for number, seconds in enumerate(service.tolist()):
        ends[number] = free[0] + seconds
        heapq.heapreplace(free, ends[number])
    return ends


def _makespan(lengths: Sequence[float], nodes: int) -> float:
    """Seconds until the last shard is done, if the nodes take shards in order."""
    free = [0.0] * min(nodes, len(lengths))
    for length in lengths:
        heapq.heapreplace(free, free[0] + length)
    return max(free)


def _sizes(plan: Cluster) -> Sequence[int]:
    """Shards by hash are not quite equal: binomial, here by its mean and spread."""
    mean = plan.notebooks / plan.shards
    rng = np.random.default_rng(plan.shards)
    drawn = rng.normal(mean, math.sqrt(mean * (1 - 1 / plan.shards)), plan.shards).round().clip(1).astype(int)
    return [int(size) for size in drawn]


def _line(plan: Cluster, result: Outcome) -> str:
    reports = plan.notebooks * plan.report_bytes / 1e9
    return (
        f"| 10^{math.log10(plan.notebooks):.0f} | {plan.shards} | {plan.nodes} × {plan.cores} | {plan.timeout_rate:.0%} "
        f"| {plan.mtbf_hours:.0f} h | {_hours(result.hours)} | {result.core_hours:.1f} | {result.failures} | {result.repeated} "
        f"| {result.slowest_shard / result.median_shard:.2f} | {result.internal_errors} | {reports:.0f} GB |"
    )


def _hours(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.1f} min"


def _inserted(page: str, text: str) -> str:
    if _BEGIN not in page or _END not in page:
        sys.exit(f"the page has no {_BEGIN} … {_END}")
    pattern = re.escape(_BEGIN) + ".*?" + re.escape(_END)
    return re.sub(pattern, lambda _: f"{_BEGIN}\n{text}\n{_END}", page, flags=re.DOTALL)


if __name__ == "__main__":
    main()
