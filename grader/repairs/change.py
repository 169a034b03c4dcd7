"""One inverse edit before it is made, and the places where a statement computes a value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from grader.repairs.sites import Site
from grader.repairs.slice import copied_into, filled_by
from grader.repairs.text import Edit

#: The levels, tried in this order. What was made and then forgotten put to use; a minus that the student put in
#: taken out again; what the student wrote taken back or exchanged in other ways; something put in where a computed
#: value only gets another name, which leaves something out; where examples are added up; where else a value is
#: computed; where it is only passed on; where it is handed out (returned, stored by key).
FORGOTTEN, TAKEN, RESTORED, RENAMED, REDUCED, COMPUTED, PASSED, DELIVERED = range(8)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Edits of one statement that belong together.

    `level`: how late it is tried; `rank`: how unlikely, for the cap; `tag`: changes of one definition with
    the same tag are also tried together.
    """

    edits: tuple[Edit, ...]
    level: int = RESTORED
    rank: int = 1
    tag: str = ""
    at: ast.AST | None = None
    """Where the mistake is, if not at the first edit."""
    joined: int = 0
    """Statements besides the first that its edits are in: the fewest are tried first."""


Family = Callable[[Site], Iterator[Change]]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An expression whose value a statement assigns, returns, stores or passes on."""

    node: ast.expr
    level: int
    target: ast.expr | None = None
    renamed: bool = False
    """`dW = product`: whoever only renames what was made here has left something out."""

    @property
    def makes(self) -> bool:
        """Something is made here, and not kept as it came: `self.W = W`."""
        return not (isinstance(self.target, ast.Attribute) and is_alias(self.node))

    @property
    def put_in(self) -> int:
        """The level of a factor or a term put in."""
        return RENAMED if self.renamed else self.level


def change(node: ast.AST, text: str, level: int = RESTORED, rank: int = 1, tag: str = "") -> Change:
    return Change(((node, text),), level, rank, tag)


def places(site: Site) -> Iterator[Place]:
    """Where a value is made: right sides, returned elements, stored values, terms of sums, arguments."""
    yield from _inner_places(site)
    node = site.node
    if isinstance(node, ast.Assign):
        yield from _assigned(site, node)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield from _spread(site, node.value, node.target)
    elif isinstance(node, ast.AugAssign):
        yield from _augmented(site, node)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield from _spread(site, node.value, None, DELIVERED)
    elif isinstance(node, ast.Expr) and (pair := copied_into(node)):
        yield from _spread(site, pair[1], pair[0])
    elif isinstance(node, ast.Expr) and (filled := filled_by(node)) is not None:
        yield Place(node.value, _level(site, node.value, PASSED), filled)


def _assigned(site: Site, node: ast.Assign) -> Iterator[Place]:
    target, value = node.targets[0], node.value
    if is_start(site, node):
        yield Place(value, DELIVERED, target)
    elif (
        isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    ):
        for one, part in zip(target.elts, value.elts, strict=True):
            yield from _spread(site, part, one)
    elif isinstance(target, ast.Tuple) and not isinstance(value, ast.IfExp):
        return
    else:
        yield from _spread(site, value, target)


def _augmented(site: Site, node: ast.AugAssign) -> Iterator[Place]:
    """`S += term`; `parameters |= {…}`."""
    if isinstance(node.value, ast.Dict):
        yield from _spread(site, node.value, node.target)
    else:
        yield Place(node.value, PASSED if isinstance(node.target, ast.Name) else COMPUTED, node.target)


def is_start(site: Site, node: ast.stmt) -> bool:
    """`dW = np.zeros(…)` before the loop that fills it."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    filled = isinstance(target, ast.Name) and target.id in site.scope.filled
    return (
        filled
        and isinstance(node, ast.Assign)
        and callee(node.value) in ("zeros", "empty", "zeros_like", "ones")
    )


def _spread(site: Site, node: ast.expr, target: ast.expr | None, passed: int = PASSED) -> Iterator[Place]:
    """The values that an expression is made of: elements, branches, dictionary values, or itself."""
    if isinstance(target, ast.Subscript) and _by_key(target):
        passed = DELIVERED
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _spread(site, part, target, passed)
        case ast.Dict(keys=keys, values=parts):
            for key, part in zip(keys, parts, strict=True):
                yield from _entry(site, getattr(key, "value", ""), part, target)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=entries):
            for entry in entries:
                yield from _entry(site, entry.arg, entry.value, target)
        case ast.IfExp(body=left, orelse=right):
            yield from _spread(site, left, target, passed)
            yield from _spread(site, right, target, passed)
            yield Place(node, passed, target)
        case ast.Call(func=ast.Attribute(attr="where"), args=[_, left, right]):
            yield from _spread(site, left, target, passed)
            yield from _spread(site, right, target, passed)
            yield Place(node, _level(site, node, passed), target)
        case ast.Starred() | ast.Lambda():
            return
        case ast.ListComp(elt=part) | ast.GeneratorExp(elt=part) | ast.DictComp(value=part):
            yield from _spread(site, part, target, passed)
        case _:
            yield from _terms(site, node, target)
            yield Place(node, _level(site, node, passed), target, _renames(site, node, target))


def _entry(site: Site, key: object, node: ast.expr, target: ast.expr | None) -> Iterator[Place]:
    """The values of a dictionary's entry: `"dw": dw` is no other name for it."""
    same = str(key)[:2].lower() == (copied(node) or "")[:2].lower()
    for place in _spread(site, node, target, DELIVERED):
        yield replace(place, renamed=place.renamed and not same)


def _renames(site: Site, node: ast.expr, target: ast.expr | None) -> bool:
    """`dW = product`, where `product` was computed here; `step = gradient`, but not `A_prev = A`."""
    name = copied(node.operand if isinstance(node, ast.UnaryOp) else node)
    if not name or not isinstance(target, ast.Name):
        return False
    values = site.scope.values.get(name, ())
    computed = any(value is not None and not is_alias(value) for value in values)
    return computed or bool(values) and name[:2].lower() != target.id[:2].lower()


_REDUCTIONS = frozenset(
    {"sum", "dot", "matmul", "mean", "einsum", "inner", "outer", "average", "tensordot", "reduce", "fsum"}
)


def _level(site: Site, node: ast.expr, passed: int) -> int:
    """How early something is put in at `node`; a loop's finished sum is where examples have been added up."""
    if copied(node) in site.scope.sums and _hands_out(site, passed):
        return REDUCED
    if isinstance(node, ast.Call) and is_own_call(site, node):
        return PASSED if isinstance(site.node, ast.Return) and site.depth > 0 else passed
    if is_alias(node):  # `G = dZ.T` is another view of what comes in
        return DELIVERED if isinstance(node, ast.Attribute) and node.attr == "T" else passed
    return REDUCED if any(_reduces(inner) for inner in ast.walk(node)) else COMPUTED


def _hands_out(site: Site, passed: int) -> bool:
    """Whether a sum is passed on here, or returned by the function itself."""
    return passed == PASSED or isinstance(site.node, ast.Return) and site.depth == 0


def _reduces(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    return isinstance(node, ast.Call) and callee(node) in _REDUCTIONS


def _terms(site: Site, node: ast.expr, target: ast.expr | None) -> Iterator[Place]:
    """`S + term` on the right of `S =`: the term that a loop adds up."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add | ast.Sub) or target is None:
        return
    name = site.text(target)
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if site.text(one) == name:
            yield Place(other, PASSED if isinstance(target, ast.Name) else COMPUTED, target)


def _by_key(target: ast.Subscript) -> bool:
    """A numbered entry of a dictionary; `fit["dW"]` is a variable by another name, and `Z[i]` an array's element."""
    if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
        return any(letter.isdigit() for letter in target.slice.value)
    return any(
        isinstance(inner, ast.JoinedStr) or isinstance(inner, ast.Constant) and isinstance(inner.value, str)
        for inner in ast.walk(target.slice)
    )


def copied(node: ast.expr) -> str:
    """The name that an expression is, or is a copy of: `S`, `np.copy(S)`; empty for all else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[]):
            return copied(inner)
        case ast.Call(func=ast.Attribute(attr="array" | "asarray" | "copy"), args=[inner, *_]):
            return copied(inner)
    return ""


def is_alias(node: ast.expr) -> bool:
    """It computes nothing: a name, an entry, an attribute, a copy."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=inner) | ast.Subscript(value=inner):
            return is_alias(inner)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="squeeze"), args=[inner, *_]
        ):
            return is_alias(inner)
        case ast.Call(
            func=ast.Attribute(value=inner, attr="copy" | "get" | "reshape" | "squeeze" | "astype")
        ):
            return is_alias(inner)
        case ast.Call(
            func=ast.Attribute(attr="array" | "asarray" | "copy" | "squeeze" | "float64" | "transpose"),
            args=[inner, *_],
        ):
            return is_alias(inner)
    return False


def _inner_places(site: Site) -> Iterator[Place]:
    """Values inside expressions: walrus, lambda bodies, arguments of the student's functions."""
    for node in site.nodes():
        if isinstance(node, ast.NamedExpr):
            yield from _spread(site, node.value, node.target)
        elif isinstance(node, ast.Lambda):
            yield from _spread(site, node.body, None)
        elif isinstance(node, ast.Call) and is_own_call(site, node):
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                if callee(node) == "append":
                    level = COMPUTED if isinstance(argument, ast.Constant) else _level(site, argument, PASSED)
                    yield Place(argument, level, None)
                elif isinstance(argument, ast.Dict):
                    yield from _spread(site, argument, None)
                elif not isinstance(argument, ast.Starred | ast.Constant | ast.Dict):
                    yield Place(argument, PASSED, None)


_PLAIN = frozenset(
    {"print", "len", "range", "str", "int", "float", "reversed", "enumerate", "zip", "isinstance"}
)


def is_own_call(site: Site, node: ast.Call) -> bool:
    """Not numpy's and not Python's: a helper, a constructor, a method."""
    if isinstance(node.func, ast.Name):
        return node.func.id not in _PLAIN
    if callee(node) in _REDUCTIONS:
        return False
    root: ast.expr = node.func
    while isinstance(root, ast.Attribute):
        root = root.value
    return not (isinstance(root, ast.Name) and root.id == site.world.numpy)


def parts_of_records(site: Site) -> list[str]:
    """`cache.pre_activation` and `cache[1]`: what this definition reads of a local name, but for what arrays have
    and methods, and of a parameter by position."""
    found = (
        f"{node.value.id}.{node.attr}"
        for node in site.source.nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and node.value.id != site.scope.receiver
        and site.scope.knows(node.value.id)
        and node.attr not in _OF_ARRAYS
        and not isinstance(site.parent(node), ast.Call | ast.Attribute)
    )
    return list(dict.fromkeys((*found, *_by_position(site))))[:_MOST_PARTS]


def _by_position(site: Site) -> Iterator[str]:
    for node in site.source.nodes:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(at)), ctx=ast.Load()):
                if name in site.scope.data_parameters and not isinstance(site.parent(node), ast.Subscript):
                    yield f"{name}[{at}]"


_OF_ARRAYS = frozenset({"T", "shape", "size", "ndim", "dtype", "real", "flat"})
_MOST_PARTS = 4


def is_handed_on(site: Site, node: ast.expr) -> bool:
    """A call of a function of the student's own, in an argument of another one: `slope(sigmoid(Z))`, where
    `sigmoid` is done before `slope` is entered."""
    if not isinstance(node, ast.Call) or not is_own_call(site, node):
        return False
    parent = site.parent(node)
    while isinstance(parent, ast.IfExp | ast.keyword):
        parent = site.parent(parent)
    return isinstance(parent, ast.Call) and is_own_call(site, parent)


def is_number_like(site: Site, node: ast.expr) -> bool:
    """A value that a sign or a factor makes sense for."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, float)
        case (
            ast.JoinedStr() | ast.Compare() | ast.Dict() | ast.List() | ast.Tuple() | ast.Set() | ast.Lambda()
        ):
            return False
        case ast.Name(id=name) if name in site.world.known or name in ("True", "False"):
            return False
        case ast.Name() as it if _in_key(site, it):
            return False
        case ast.Call(func=ast.Attribute(attr="zeros" | "ones" | "zeros_like" | "reshape" | "format")):
            return False
        case ast.Call(func=ast.Name(id="range" | "str" | "len" | "list" | "dict" | "reversed" | "enumerate")):
            return False
    return not site.count(node)


def _in_key(site: Site, node: ast.expr) -> bool:
    return any(isinstance(around, ast.JoinedStr) for around in site.around(node))


def key_letter(site: Site, node: ast.AST) -> str:
    """` W` for a value of a dictionary that stands under the key "W1", and for what a name `W1` gets."""
    inner: ast.AST = node
    for around in (*site.around(node), site.node):
        match around:
            case ast.Assign(targets=[ast.Name(id=name)]):
                return f" {name.rstrip('0123456789')}"
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values) as both):
                parts = [one for one, value in zip(names, values, strict=False) if node in ast.walk(value)]
                if inner is both and len(parts) == 1:
                    return f" {site.text(parts[0]).rstrip('0123456789')}"
        if isinstance(around, ast.Dict) and inner in around.values:
            key = around.keys[around.values.index(inner)]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                return f" {key.value.rstrip('0123456789')}"
        inner = around
    return ""


def call_text(site: Site, node: ast.Call, args: list[str], keywords: dict[str, str] | None = None) -> str:
    """The call written anew with other arguments; `keywords` None: the student's own."""
    if keywords is None:
        keywords = keyword_texts(site, node)
    named = [f"{name}={value}" if name != "**" else f"**{value}" for name, value in keywords.items()]
    return f"{site.text(node.func)}({', '.join([*args, *named])})"


def keyword_texts(site: Site, node: ast.Call) -> dict[str, str]:
    return {keyword.arg or "**": site.text(keyword.value) for keyword in node.keywords}


def callee(node: ast.AST) -> str:
    """The last part of a called name: `sum` of `np.sum(…)` and of `dZ.sum(…)`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_method(site: Site, node: ast.Call) -> bool:
    """`dZ.sum()`, not `np.sum(dZ)`."""
    func = node.func
    root = func.value if isinstance(func, ast.Attribute) else None
    return root is not None and not (isinstance(root, ast.Name) and root.id == site.world.numpy)
