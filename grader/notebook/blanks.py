"""Template blanks: blocks left empty, and functions in which nothing was written.

Two styles exist: until 2020 a blank is `name = None`; since 2021 it is a comment alone, so that the name is
never assigned, or a whole block is empty and the cell does not compile.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection

from grader.notebook.neutralise import code_only, logical_lines

_COLON_END = re.compile(r":[ \t]*$")
_BLOCK_WORD = re.compile(
    r"[ \t]*(?:async[ \t]+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b"
)
#: Calls that a template makes around its blanks; they are no work of the student's.
_GIVEN_CALLS = frozenset(
    str.split("""
    len str int float range reversed enumerate list dict tuple copy deepcopy squeeze reshape seed print zip array
    """)
)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def fill_empty_blocks(source: str) -> tuple[str, tuple[int, ...]]:
    """The source with `pass` put behind each block opener that has no block, and those lines (from 1).

    A block holding only comments is empty. No line is added or moved.
    """
    code = code_only(source)
    openers: list[tuple[int, int]] = []  # (offset of the end of the code, indentation) of the last opener
    filled: list[int] = []
    for start, end in logical_lines(source):
        text = code[start:end].rstrip()
        if not text.strip():
            continue
        indent = _width(text)
        if openers and indent <= openers[-1][1]:
            filled.append(openers[-1][0])
        openers = []
        if _BLOCK_WORD.match(text) and _COLON_END.search(text):
            openers = [(start + len(text), indent)]
    filled += [at for at, _ in openers]
    return _with_pass(source, filled), tuple(source.count("\n", 0, at) + 1 for at in filled)


def _width(text: str) -> int:
    expanded = text.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def _with_pass(source: str, places: list[int]) -> str:
    pieces, start = [], 0
    for at in places:
        pieces += [source[start:at], " pass"]
        start = at
    return "".join(pieces) + source[start:]


def placeholder(function: FunctionNode, constants: Collection[str] = ()) -> str | None:
    """`not-implemented` or `loop-left-empty` if nothing was written in the function, None if something was.

    `constants` are names of the notebook that hold a number or a word.

    Nothing written: there is at least one blank, and every other statement is one that a template brings
    (sizes, shapes, copies, empty containers, asserts, the return). What is nested too deeply to be read was written.
    """
    try:
        return _placeholder(function, constants)
    except RecursionError:
        return None


def _placeholder(function: FunctionNode, constants: Collection[str]) -> str | None:
    blanks = _Blanks()
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if blanks.working(body) or (blanks.prefilled and not (blanks.empty_loops or blanks.blank_loops)):
        return None
    if not body or blanks.found or _reads_unassigned(function, constants) or _hands_back(function):
        return "not-implemented"
    return "loop-left-empty" if blanks.empty_loops else None


class _Blanks:
    """Walks a body and counts its blanks."""

    def __init__(self) -> None:
        self.found = 0
        self.empty_loops = 0
        self.blank_loops = 0
        self.prefilled = False  # zeros, to be filled by a loop of the template's

    def working(self, body: list[ast.stmt]) -> bool:
        """Whether a statement of the body is more than a blank or a template's own."""
        return any(self._works(node) for node in body)

    def _works(self, node: ast.stmt) -> bool:
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                self.found += 1
                return False
            case ast.Assert() | ast.Global() | ast.Import() | ast.ImportFrom():
                return False
            case ast.Raise():
                return not self._is_not_implemented(node)
            case ast.Assign(targets=[ast.Subscript(slice=ast.Compare() | ast.Tuple())]) if not is_none(
                node.value
            ):
                return True  # a mask, as in `dZ[Z <= 0] = 0`, or an element
            case ast.Assign() | ast.AnnAssign():
                return self._assigns(node.value)
            case ast.Return():
                return self._returns(node.value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=args)):
                return not all(_is_given(arg) and _has_name(arg) for arg in args)
            case ast.Expr():
                return not _is_given(node.value)
            case ast.For() | ast.While():
                return self._loops(node)
            case ast.If():
                return self.working(node.body) or self.working(node.orelse)
        return True

    def _is_not_implemented(self, node: ast.Raise) -> bool:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        self.found += 1
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"

    def _assigns(self, value: ast.expr | None) -> bool:
        if value is not None and is_none(value):
            self.found += 1
            return False
        if isinstance(value, ast.Call) and _called(value) == "zeros":
            self.prefilled = True
            return False
        return value is not None and not _is_given(value)

    def _returns(self, value: ast.expr | None) -> bool:
        if value is None or is_none(value):
            self.found += 1
            return False
        return not _is_given(value)

    def _loops(self, node: ast.For | ast.While) -> bool:
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
            return True  # no template has a loop without an end
        if all(isinstance(inner, ast.Pass | ast.Assert) or _is_ellipsis(inner) for inner in node.body):
            self.empty_loops += not _checks(node)
            return False
        before = self.found
        works = self.working(node.body)
        self.blank_loops += not works and self.found > before
        return works


def _checks(loop: ast.For | ast.While) -> bool:
    """`for name in parameters: assert …`: no template's loop over layers, in which something is left to write."""
    asserts = any(isinstance(inner, ast.Assert) for inner in loop.body)
    return asserts and isinstance(loop, ast.For) and not isinstance(loop.iter, ast.Call)


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_none(value: ast.expr) -> bool:
    """`None`, or a tuple of nothing else."""
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(is_none(item) for item in value.elts)
    return isinstance(value, ast.Constant) and value.value is None


def _is_given(value: ast.expr) -> bool:
    """Whether an expression only renames, packs, copies or measures."""
    match value:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute():
            return value.attr != "T" and _is_given(value.value)
        case ast.Subscript():
            return _is_given(value.value)
        case ast.Tuple() | ast.List():
            return all(_is_given(item) for item in value.elts)
        case ast.Dict():
            return all(_is_given(item) for item in value.values)
        case ast.BinOp(op=ast.FloorDiv(), right=ast.Constant()):
            return _is_given(value.left)
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str())):
            return _is_given(value.right)  # a text with numbers put in
        case ast.Call():
            return _is_given_call(value)
    return False


def _has_name(value: ast.expr) -> bool:
    """Whether it names anything: templates append what was computed, `costs.append(cost)`, and no `[0.0]`."""
    return any(isinstance(node, ast.Name) for node in ast.walk(value))


def _is_given_call(call: ast.Call) -> bool:
    return _called(call) in _GIVEN_CALLS and all(_is_given(arg) for arg in call.args)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _hands_back(function: FunctionNode) -> bool:
    """Whether a parameter is returned as it came, and two others are not even read: `return parameters`."""
    names = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    last = function.body[-1]
    handed = isinstance(last, ast.Return) and isinstance(last.value, ast.Name) and last.value.id in names
    return handed and len(names - read) >= 2


def _made_of_themselves(function: FunctionNode) -> set[str]:
    """Names whose every assignment reads them: `cost = np.squeeze(cost)`, where `cost` was to be made before."""
    made: dict[str, bool] = {}
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name = node.targets[0].id
        reads = any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node.value))
        made[name] = reads and made.get(name, True)
    return {name for name, reads in made.items() if reads}


def _annotations(function: FunctionNode) -> list[ast.expr]:
    """The type hints in a function."""
    hints = [node.annotation for node in ast.walk(function) if isinstance(node, ast.arg | ast.AnnAssign)]
    return [hint for hint in (function.returns, *hints) if hint is not None]


def _reads_unassigned(function: FunctionNode, constants: Collection[str]) -> bool:
    """Whether a name is returned, packed or measured that is neither a parameter nor assigned in the function."""
    known = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    known.update(dir(builtins), constants)
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    no_values = [
        *(call.func for call in calls),
        *(word.value for call in calls for word in call.keywords if word.arg == "dtype"),
        *_annotations(function),
    ]
    other = {id(part) for node in no_values for part in ast.walk(node)}
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and id(node) not in other]
    known |= {node.id for node in names if not isinstance(node.ctx, ast.Load)} - _made_of_themselves(function)
    return any(node.id not in known for node in names)
