"""How a Python for student code is started: a clean environment, and only the folders that it needs."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

#: How subprocess starts what a keyboard interrupt shall not reach, for that is ours to handle; on Windows without a
#: window of its own, too.
APART: dict[str, Any] = (
    {"creationflags": 0x200 | 0x8000000} if sys.platform == "win32" else {"start_new_session": True}
)
_PACKAGES = ("grader", "numpy", "landlockpy", "seccompy")
_BOOT = """
import json, sys
paths, settings = json.loads(sys.argv[1]), json.loads(sys.argv[2])
sys.path += paths
sys.argv[:] = [""]
from {module} import main
main(settings)
"""
#: Kept of our own environment: what the system's loader may need to find libraries.
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")
_KEPT_ON_WINDOWS = ("PATH",)  # where libraries are looked for
_SET = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # sets of texts have the same order in every run
    "PYTHONUTF8": "1",
    "LC_ALL": "C",
}


def command(module: str, settings: str) -> list[str]:
    """The command that calls `main` of a module with `settings`, a JSON text.

    No site packages are loaded (their .pth files are code), and neither the current folder nor the
    user's own folders are searched: a student's `random.py` there is not ours.
    """
    return [sys.executable, "-P", "-s", "-S", "-B", "-c", _BOOT.format(module=module), _paths(), settings]


def environment() -> dict[str, str]:
    """The environment, built and not filtered: no secret of ours reaches student code."""
    kept = (*_KEPT, *(_KEPT_ON_WINDOWS if sys.platform == "win32" else ()))
    return {name: os.environ[name] for name in kept if name in os.environ} | _SET


def _paths() -> str:
    specs = [importlib.util.find_spec(name) for name in _PACKAGES]
    roots = [str(Path(spec.origin).resolve().parents[1]) for spec in specs if spec and spec.origin]
    return json.dumps(list(dict.fromkeys(roots)))
