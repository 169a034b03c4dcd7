"""What student code may import: loaded by the zygote before anything is closed, shared by all workers.

Nothing can be loaded later: a worker has no file system.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
import warnings

#: Modules that are served as they are. Submodules that numpy or the library load themselves come along.
_MODULES = (
    "__future__ abc argparse array ast base64 bisect builtins calendar cmath collections collections.abc "
    "colorsys contextlib contextvars copy copyreg csv dataclasses datetime decimal dis enum errno "
    "fractions functools gc glob hashlib heapq html inspect io itertools json keyword linecache locale "
    "logging math numbers operator os os.path pathlib pickle platform pprint queue random "
    "re reprlib secrets shutil signal statistics string struct sys tempfile textwrap threading time timeit "
    "token tokenize traceback types typing unicodedata unittest uuid warnings weakref zlib "
    "encodings.ascii encodings.latin_1 encodings.utf_8 encodings.utf_16 encodings.utf_8_sig encodings.cp1252 "
    "numpy numpy.exceptions numpy.fft numpy.lib.stride_tricks numpy.lib.scimath numpy.linalg numpy.ma "
    "numpy.matlib numpy.polynomial numpy.random numpy.testing numpy.typing"
)

OURS = ("grader.worker.child", "grader.notebook.extract", "grader.repairs.propose")


def load() -> None:
    """Load all modules, and make numpy and the library do now what they would do on first use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy.matlib announces its deprecation
        for name in _MODULES.split():
            with contextlib.suppress(ImportError):  # some systems and some versions of numpy lack some
                importlib.import_module(name)
        _warm_up()
        from grader.worker.old_numpy import restore

        restore()


def load_ours() -> None:
    """Load what a worker needs of ours: the parser and nothing that knows an answer."""
    for name in OURS:
        with contextlib.suppress(ImportError):  # told when it is asked for
            importlib.import_module(name)


def _warm_up() -> None:
    """First uses that load something, open something, or take time."""
    import numpy as np

    square = np.eye(3)
    np.linalg.inv(square @ square)
    np.linalg.svd(square)
    np.random.default_rng(0).normal(size=3)
    np.random.seed(0)
    repr(square)
    time.strptime("2020", "%Y")
    time.localtime()
    "x".encode("utf-16")


def available() -> frozenset[str]:
    """Names of the modules that an import statement in student code gets as they are."""
    ours = ("grader", "landlockpy", "seccompy", "__main__")
    return frozenset(name for name in sys.modules if name.partition(".")[0] not in ours)
