"""What an import statement in student code gets.

Preloaded modules as they are; course helper modules as call-backs to the grader; drawing and display
modules as objects that accept anything; every other module as a placeholder that raises only when it
is *used*, so that an unused `import h5py` costs nothing.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Self

from grader.model import StandIn
from grader.stand_ins import offers

ErrorMaker = Callable[[], BaseException]
ProxyMaker = Callable[[str], Callable[..., Any]]

#: Uses of an object that a placeholder refuses.
_USE_WORDS = (
    "call iter len bool getitem setitem contains enter exit array index int float add radd sub rsub mul rmul "
    "truediv rtruediv matmul rmatmul pow rpow neg lt le gt ge mro_entries"
)


class Placeholder:
    """Stands for something that cannot be had; any use raises the error that says why."""

    __slots__ = ("_attributes", "_error")
    __all__ = ()  # what `from h5py import *` gets

    def __init__(self, error: ErrorMaker, attributes: bool) -> None:
        """`attributes`: reading one gives another placeholder, as `from h5py import File` needs."""
        self._error = error
        self._attributes = attributes

    def __getattr__(self, name: str) -> Placeholder:
        if name.startswith("__"):
            raise AttributeError(name)
        if not self._attributes:
            raise self._error()
        return Placeholder(self._error, attributes=True)


def refuse(self: Placeholder, *args: object, **kwargs: object) -> NoReturn:
    raise self._error()


for _use in _USE_WORDS.split():
    setattr(Placeholder, f"__{_use}__", refuse)


def missing_module(name: str) -> Placeholder:
    """What an import of a module that is not served gives."""
    text = f"module {name} is not available in grading"
    return Placeholder(lambda: ModuleNotFoundError(text, name=name), attributes=True)


class Silent:
    """Accepts any attribute, call, item and `with`, and does nothing: a figure, an axis, a style sheet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _SPECIAL.get(name) or Silent()

    def __call__(self, *args: object, **kwargs: object) -> Silent:
        return Silent()

    def __getitem__(self, key: object) -> Silent:
        return Silent()

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        pass


class SilentModule(types.ModuleType):
    """A drawing or display module. `subplots` gives two things, `tqdm` what it was given."""

    __all__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _SPECIAL.get(name) or Silent()


def _pass_through(items: Any = None, *args: object, **kwargs: object) -> Any:
    return Silent() if items is None else items


_SPECIAL: Mapping[str, Callable[..., Any]] = {
    "subplots": lambda *args, **kwargs: (Silent(), Silent()),
    "tqdm": _pass_through,
    "tqdm_notebook": _pass_through,
    "trange": range,
}
SILENT_MODULES = frozenset(
    {"matplotlib", "mpl_toolkits", "seaborn", "plotly", "IPython", "ipywidgets", "tqdm"}
)


class CourseModule(types.ModuleType):
    """A course helper module: offered names call the grader back, others are placeholders."""

    def __getattr__(self, name: str) -> Placeholder:
        if name.startswith("__"):
            raise AttributeError(name)
        text = f"{self.__name__}.{name} is not available in grading"
        return Placeholder(lambda: ImportError(text, name=self.__name__), attributes=True)


def course_module(name: str, offers: Sequence[str], proxy: ProxyMaker) -> CourseModule:
    """The module that stands in for course helper module `name`."""
    module = CourseModule(name)
    module.__dict__.update({offer: proxy(offer) for offer in offers}, __all__=list(offers))
    return module


def student_builtins(
    stand_ins: Sequence[StandIn], proxy: ProxyMaker, available: frozenset[str]
) -> dict[str, Any]:
    """The builtins of a notebook: Python's, our import, and what IPython adds."""
    import_hook = _Importer(stand_ins, proxy, available)
    return {
        **vars(builtins),
        "__import__": import_hook,
        "display": Silent(),
        "get_ipython": Silent(),
    }


class _Importer:
    """Called by import statements as `__import__` is."""

    def __init__(self, stand_ins: Sequence[StandIn], proxy: ProxyMaker, available: frozenset[str]) -> None:
        self.stand_ins = stand_ins
        self.proxy = proxy
        self.available = available
        self.real = builtins.__import__

    def __call__(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        top = name.partition(".")[0]
        offered = offers(name, self.stand_ins)
        if offered is not None:
            return course_module(name, offered, self.proxy)
        if top in SILENT_MODULES:
            return SilentModule(name if fromlist else top)
        if level == 0 and self.serves(name):
            return self.real(name, globals, locals, fromlist or (), 0)
        return missing_module(name if fromlist else top)

    def serves(self, name: str) -> bool:
        return name in self.available
