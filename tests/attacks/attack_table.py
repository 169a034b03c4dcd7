"""Runs the attack suite and writes its results into docs/security.md.

    python tests/attacks/attack_table.py

Refuses to write anything if a test fails: a table is of a suite that holds.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent.parent / "docs" / "security.md"
BEGIN, END = "<!-- results: written by tests/attacks/attack_table.py -->", "<!-- end of results -->"
TIERS = ("none", "seccomp", "strong")
#: Parts of the list of attacks, by their numbers.
PARTS = (
    ("Read what is hidden: tests, the grader's memory, other submissions", (*range(1, 20), 23)),
    ("Forge a result: frames, lying objects, odd values, helpers as an oracle", tuple(range(24, 45))),
    ("Write, damage or leave something: files, shared memory, keys", tuple(range(45, 60))),
    ("Start, kill, trace or slow down processes; gain rights", tuple(range(60, 82))),
    ("Reach the network", tuple(range(82, 88))),
    ("Use up memory, time, files, pipes", tuple(range(88, 104))),
)

Result = tuple[int, str, str, str, bool]


def run() -> list[Result]:
    """The results of a fresh run. Raises SystemExit if a test fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", "-q", str(FOLDER)]
        wanted = {"ATTACK_RESULTS": str(path), "ATTACK_TIERS": " ".join(TIERS)}
        done = subprocess.run(command, env={**os.environ, **wanted}, check=False)
        if done.returncode:
            raise SystemExit("The suite does not hold, so no table is written.")
        found: list[Result] = [tuple(one) for one in json.loads(path.read_text())]
        return found


def table(results: Iterable[Result]) -> str:
    """Attempts that got through, of all that were made, by part of the list and by tier."""
    made: Counter[tuple[int, str]] = Counter()
    through: Counter[tuple[int, str]] = Counter()
    for number, _, tier, _, breached in results:
        part = next(index for index, (_, numbers) in enumerate(PARTS) if number in numbers)
        made[part, tier] += 1
        through[part, tier] += breached
    lines = ["| attacks that got through | `none` | `seccomp` | `strong` |", "| --- | --- | --- | --- |"]
    for part, (name, _) in enumerate(PARTS):
        lines.append(_row(name, [(through[part, tier], made[part, tier]) for tier in TIERS]))
    sums = [
        (
            sum(through[part, tier] for part in range(len(PARTS))),
            sum(made[part, tier] for part in range(len(PARTS))),
        )
        for tier in TIERS
    ]
    return "\n".join([*lines, _row("**all**", sums)])


def _row(name: str, cells: list[tuple[int, int]]) -> str:
    told = " | ".join(f"{through} of {made}" if made else "–" for through, made in cells)
    return f"| {name} | {told} |"


def where() -> str:
    """The machine of the run, in a line."""
    user = "root" if os.geteuid() == 0 else "an ordinary user"
    return (
        f"Run as {user} on Linux {platform.release().split('-')[0]}, {platform.machine()}, "
        f"Python {platform.python_version()}."
    )


def main() -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{PAGE} lacks the marks between which the table goes.")
    PAGE.write_text(f"{before}{BEGIN}\n{table(run())}\n\n{where()}\n{END}{after}")


if __name__ == "__main__":
    main()
