"""How a run shows itself: a live display on a terminal, a plain line now and then elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import IO, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grader.batch.summary import Tally
from grader.render.words import count

_TOP = 5


class Progress(Protocol):
    """Is told of the tally at the start, after each submission, and at the end."""

    def begin(self, tally: Tally) -> None: ...

    def update(self) -> None: ...

    def end(self) -> None: ...


class Silent:
    """Shows nothing."""

    def begin(self, tally: Tally) -> None:
        pass

    def update(self) -> None:
        pass

    def end(self) -> None:
        pass


class Lines:
    """A line every `every` seconds and one at the end, for logs."""

    def __init__(
        self, stream: IO[str], every: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._every = every
        self._clock = clock

    def begin(self, tally: Tally) -> None:
        self._tally = tally
        self._began = self._last = self._clock()
        for text in (tally.changed, f"{count(tally.total, 'submission')} found"):
            if text:
                print(text, file=self._stream, flush=True)

    def update(self) -> None:
        now = self._clock()
        if now - self._last >= self._every:
            self._last = now
            self._print(now)

    def end(self) -> None:
        self._print(self._clock())

    def _print(self, now: float) -> None:
        print(line(self._tally, now - self._began), file=self._stream, flush=True)


class Display:
    """A bar, counts and the commonest misconceptions, redrawn a few times a second."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock

    def begin(self, tally: Tally) -> None:
        self._tally = tally
        self._began = self._clock()
        if tally.changed:
            self._console.print(Text(tally.changed))
        self._live = Live(
            get_renderable=self._picture, console=self._console, refresh_per_second=4, transient=False
        )
        self._live.start()

    def update(self) -> None:
        pass  # the display looks at the tally by itself

    def end(self) -> None:
        self._live.stop()

    def _picture(self) -> Group:
        return picture(self._tally, self._clock() - self._began)


def for_stream(stream: IO[str] = sys.stderr) -> Progress:
    """What fits the stream: a display on a terminal, else lines."""
    console = Console(file=stream)
    return Display(console) if console.is_terminal and not console.is_dumb_terminal else Lines(stream)


def line(tally: Tally, seconds: float) -> str:
    """The state of a run in one line of plain text."""
    counts = ", ".join(f"{tally.outcomes[key]} {key}" for key in ("passed", "failed", "ungradable"))
    kept = f"{tally.kept} kept from before"
    if tally.kept and not tally.outcomes:
        return f"{tally.done}/{tally.total} done: {kept}"
    return f"{tally.done}/{tally.total} done, {_pace(tally, seconds)}: {counts}" + (
        f"; {kept}" if tally.kept else ""
    )


def picture(tally: Tally, seconds: float) -> Group:
    """The state of a run as a rich renderable."""
    bar = ProgressBar(total=max(1, tally.total), completed=tally.done, width=40)
    head = Table.grid(padding=(0, 1))
    head.add_row(bar, Text(f"{tally.done}/{tally.total}"), Text(_pace(tally, seconds)))
    return Group(head, _counts(tally), *_misconceptions(tally))


def _counts(tally: Tally) -> Text:
    styles = {"passed": "green", "failed": "yellow", "ungradable": "red"}
    text = Text("  ").join(Text(f"{tally.outcomes[key]} {key}", style) for key, style in styles.items())
    return text.append(f"  {tally.kept} kept from before") if tally.kept else text


def _misconceptions(tally: Tally) -> list[Text]:
    # A copy: the display's thread looks while the run counts on.
    top = Counter(dict(tally.misconceptions)).most_common(_TOP)
    return [Text(f"{count:>6} {name}", "dim") for name, count in top]


def _pace(tally: Tally, seconds: float) -> str:
    """How fast it grades: what is kept takes no time, and would promise too much."""
    rate = tally.outcomes.total() / seconds if seconds > 0 else 0.0
    if not rate:
        return "starting"
    left = max(0, tally.total - tally.done) / rate
    return f"{rate:.1f}/s, {_duration(left)} left" if left else f"{rate:.1f}/s, {_duration(seconds)} in all"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
    )
