"""README.md's outputs are real: each is made by running the command above it.

    python -m tools.readme            run the commands and write their outputs
    python -m tools.readme --check    exit 1 if an output is no longer what its command prints

An output stands between `<!-- run: COMMAND -->` and the end of the code block below it. Commands run one after the
other in an empty folder that has sample_submissions/ in it. What changes from run to run and from machine to machine
(seconds, isolation) is not compared.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(
    r"(<!-- run: (?P<command>.*?) -->\n```[a-z]*\n)(?P<output>.*?)(?P<end>^```$)", re.DOTALL | re.MULTILINE
)
_PROGRESS = re.compile(
    r"^\d[\d,]* submissions? found\n|^\d+/\d+ done, .*\n|^Not isolated: .*\n", re.MULTILINE
)
_VARYING = re.compile(r"\d+\.\d+ s\b|\"seconds\": [\d.]+|(?<=,)(strong|seccomp|none)(?=,)")
_DID_ITS_WORK = (0, 1)  # 1: `check` has found something


def main(arguments: list[str]) -> int:
    """Bring the README up to date, or say what is stale."""
    old = README.read_text()
    new = refreshed(old)
    if "--check" not in arguments:
        README.write_text(new)
        return 0
    difference = list(
        difflib.unified_diff(_fixed(old), _fixed(new), "README.md", "what its commands print", n=1)
    )
    sys.stdout.writelines(difference)
    if difference:
        print("README.md is stale. Run: python -m tools.readme")
    return 1 if difference else 0


def refreshed(text: str) -> str:
    """The text with every output made anew."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sample_submissions").symlink_to(ROOT / "sample_submissions")
        return _BLOCK.sub(
            lambda block: block[1] + output_of(block["command"], folder) + "\n" + block["end"], text
        )


def output_of(command: str, folder: str) -> str:
    """What a command prints on both streams, as at a terminal without colour, and without its progress."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "NO_COLOR": "1", "COLUMNS": "88"}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode not in _DID_ITS_WORK or not done.stdout.strip():
        sys.exit(
            f"{command}\nended with {done.returncode}: {done.stdout[-1000:]}README.md is left as it was."
        )
    return _PROGRESS.sub("", done.stdout).rstrip()


def _fixed(text: str) -> list[str]:
    return _VARYING.sub("…", text).splitlines(keepends=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
