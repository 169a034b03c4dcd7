"""Hostile files as they are handed in, each with what must become of it."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attack_case import notebook

RIGHT = "def linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b1m"
BIDI = "\u202eevil\u2066x\u2069"
MARKUP = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


def cell(source: Any, **rest: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {},
        "outputs": [],
        "execution_count": 1,
        **rest,
    }


def raw_notebook(*cells: Any, **rest: Any) -> bytes:
    """A notebook that need not be a valid one."""
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **rest}
    ).encode()


def right(*extra: Any, **rest: Any) -> bytes:
    """A right linear_forward beside other cells."""
    return raw_notebook(cell("import numpy as np"), cell(RIGHT), *extra, **rest)


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_class(folder: Path, outside: Path) -> None:
    """A class of hostile files around one right notebook. `outside` holds what links and names point to."""
    folder.mkdir()
    outside.mkdir()
    secret = outside / "secret.ipynb"
    secret.write_bytes(right(cell("# outside-secret")))
    for name, data in _files().items():
        (folder / name).write_bytes(data)
    with (folder / "104-large.ipynb").open("wb") as file:
        file.truncate(3 << 30)  # a sparse file: 3 GB to read, nothing on disk
    os.symlink(secret, folder / "112-link.ipynb")
    os.symlink("/dev/zero", folder / "112-device.ipynb")
    os.mkfifo(folder / "112-pipe.ipynb")
    os.symlink(outside, folder / "112-folder")


def _files() -> dict[str, bytes]:
    deep = b"[" * 200_000 + b"]" * 200_000
    bomb = b" " * (300 << 20)
    return {
        "right.ipynb": right(),
        "104-over-the-limit.ipynb": right(cell("# " + "x" * (21 << 20))),
        "105-deep.ipynb": deep,
        "105-deep-in-metadata.ipynb": right().replace(b'"metadata": {}', b'"metadata": {"x": ' + deep + b"}", 1),
        "106-many-cells.ipynb": raw_notebook(*[cell("x = 1")] * 20_001),
        "106-just-few-enough-cells.ipynb": right(*[cell("x = 1")] * 5_000),
        "107-source-is-a-dictionary.ipynb": right(cell({"a": 1}), cell([1, 2]), cell(7), 5, None),
        "108-minus.ipynb": right(cell("-" * 100_000 + "1")),
        "108-parentheses.ipynb": right(cell("(" * 100_000)),
        "108-nested-lists.ipynb": right(cell("x = " + "[" * 5_000 + "]" * 5_000)),
        "108-a-long-sum.ipynb": right(cell("x = " + "+".join(["1"] * 50_000))),
        "108-a-large-number.ipynb": right(cell("x = " + "9" * 100_000)),
        "108-null.ipynb": right(cell("x = 1\0")),
        "109-bomb.zip": zipped({"109-bomb.ipynb": bomb, "109-beside-the-bomb.ipynb": right()}),
        "110-names.zip": zipped(
            {
                "../../110-up.ipynb": right(),
                "/110-absolute.ipynb": right(),
                "C:\\110-drive.ipynb": right(),
                "a/../../../110-in-between.ipynb": right(),
            }
        ),
        "111-..%2f..%2fup.ipynb": right(),
        "111-line\nbreak.ipynb": right(),
        f"111-{'x' * 200}.ipynb": right(),
        "111-CON.ipynb": right(),
        f"115-{ESCAPES}.ipynb".replace("/", ""): right(),
        f"114-{MARKUP}.ipynb".replace("/", ""): right(),
        "=HYPERLINK(1).ipynb": right(),
        "@SUM(A1).ipynb": right(),
        "+cmd.ipynb": right(),
        f"117-{BIDI}.ipynb": right(),
        "117-surrogates.ipynb": right().replace(b"import numpy", b"# \\ud800 \\u202e \\u0000\\nimport numpy", 1),
        "118-outputs.ipynb": right(
            cell("1", outputs=[{"output_type": "display_data", "data": {"text/html": MARKUP}}], attachments={"x": MARKUP})
        ),
        "118-outputs-of-wrong-type.ipynb": right(cell("1", outputs={"x": 3}, metadata=[MARKUP])),
        "120-magics.ipynb": notebook("import numpy as np", RIGHT),
    }  # fmt: skip
