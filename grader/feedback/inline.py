"""Names in sentences, as inline code. A name that a notebook can choose is shortened and ends no code span."""

from __future__ import annotations

from collections.abc import Sequence


def code(name: str, limit: int = 60) -> str:
    """A name as inline code. Backticks and line ends in it are dropped, a long one is cut."""
    name = " ".join(name.replace("`", "'").split()) or "?"
    return f"`{name if len(name) <= limit else name[: limit - 1] + '…'}`"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, each name as code."""
    quoted = [code(name) for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
