"""Which course helper module a rubric's stand-ins serve, told by its name."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from grader.model import StandIn


def offers(module: str, stand_ins: Iterable[StandIn]) -> tuple[str, ...] | None:
    """What the stand-ins for a module offer; None if it is no helper module of the course."""
    found = [stand_in.offers for stand_in in stand_ins if stands_for(stand_in, module)]
    return tuple(dict.fromkeys(name for names in found for name in names)) if found else None


def stands_for(stand_in: StandIn, module: str) -> bool:
    """Whether a module, or the last part of its dotted name, fits one of the patterns."""
    last = module.rpartition(".")[2]
    return any(_fits(module, glob) or _fits(last, glob) for glob in stand_in.modules)


def _fits(name: str, glob: str) -> bool:
    """`fnmatchcase`. A beginning (`dnn_utils*`) is compared as it is: each new worker would have to compile it."""
    stem = glob.removesuffix("*")
    if set("*?[").isdisjoint(stem):
        return name == stem or (stem != glob and name.startswith(stem))
    return fnmatchcase(name, glob)
