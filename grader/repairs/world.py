"""What all places of one request for repairs share: the notebook around a function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.model import Definition
from grader.repairs.batch_size import COLUMNS
from grader.repairs.scope import BATCH_NAME, parameter_names
from grader.repairs.text import Source, parse_source

#: Constants that say what they are: `ONE`, `RZERO`, and codes for activations.
_NUMBER_WORD = re.compile(r"[a-z]?(?:zero|one|two|half|unity)\d*\Z|\w*(?:relu|sig)", re.IGNORECASE)

_OUTPUTS = ("sigmoid", "linear", "identity")


@dataclass(frozen=True, slots=True)
class World:
    """What all places of one request share."""

    function: str
    parameters: tuple[str, ...]
    numpy: str
    known: frozenset[str]
    """Functions, classes and imported names: reading one is no reading of a notebook variable."""
    tables: tuple[str, ...] = ()
    """Dictionaries of the notebook with the keys "sigmoid" and "relu"."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Names of the notebook that hold a word, `OUTPUT = "sigmoid"`, and entries: `ACT["out"]`; numbers, `ONE = 1.0`."""
    codes: tuple[str, ...] = ()
    """Names of the notebook that hold a whole number: `RELU, SIGMOID = 0, 1`."""
    spare: tuple[str, ...] = ()
    """Functions that nothing uses."""
    takes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the parameters of the notebook's functions; of what `partial` makes, none are known."""
    methods: frozenset[str] = frozenset()
    """Names of the methods of the notebook's classes."""
    static: Mapping[str, int] = field(default_factory=dict)
    """Static methods of the notebook's classes, `Maths.Relu`, with the number of their parameters."""
    unasked: frozenset[str] = frozenset()
    """Those that nothing calls."""
    wrappers: frozenset[int] = frozenset()
    """Indices of definitions that give an operation of the library another name: `rowSums = lambda x: x.sum(1)`."""
    counts_examples: bool = False
    """The function has a name of its own for the number of examples."""
    outputs: tuple[str, ...] = ("sigmoid",)
    """Words for the activation of an output layer that the notebook uses: "linear" for regression."""


def world_of(definitions: Sequence[Definition], source: Source, function: str, used: frozenset[str]) -> World:
    """What is known around `function`, whose source is `source`; `used` are the names that it reaches."""
    known = {name for made in definitions if made.kind != "value" for name in made.binds}
    known |= {name for made in definitions if _is_callable(made) for name in made.binds}
    functions = (name for made in definitions if made.kind != "import" for name in made.binds)
    tables = tuple(name for made in definitions for name in made.binds if _is_table(made))
    words = {name: word for made in definitions for name, word in _words(made)}
    stored = (
        node.id for node in source.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    methods = {name for made in definitions if made.kind == "class" for name in _methods(made)}
    return World(
        function,
        _parameters(source),
        _numpy(definitions),
        frozenset(known),
        tables,
        words,
        tuple(name for made in definitions for name in _codes(made)),
        tuple(name for name in functions if name in known and name not in used and name != function),
        {name: parameters for made in definitions for name, parameters in _taken(made)},
        frozenset(methods),
        {name: count for made in definitions if made.kind == "class" for name, count in _static(made)},
        _unasked(methods, definitions),
        _wrappers(definitions),
        any(BATCH_NAME.match(name) for name in stored),
        _outputs(definitions),
    )


def _outputs(definitions: Sequence[Definition]) -> tuple[str, ...]:
    sources = [made.source.replace("'", '"') for made in definitions]
    return tuple(
        word for word in _OUTPUTS if word == "sigmoid" or any(f'"{word}"' in source for source in sources)
    )


def _is_callable(made: Definition) -> bool:
    return made.kind == "value" and ("lambda" in made.source or "partial(" in made.source)


def _methods(made: Definition) -> Iterator[str]:
    source = parse_source(made.source)
    for node in source.nodes if source else ():
        if isinstance(node, ast.FunctionDef):
            yield node.name


def _static(made: Definition) -> Iterator[tuple[str, int]]:
    source = parse_source(made.source)
    for node in source.nodes if source else ():
        hooks = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(hook) == "staticmethod" for hook in hooks):
            yield f"{made.binds[0]}.{node.name}", len(parameter_names(node))


def _unasked(methods: set[str], definitions: Sequence[Definition]) -> frozenset[str]:
    sources = [parse_source(made.source) for made in definitions] if methods else []
    nodes = (node for source in sources if source for node in source.nodes)
    asked = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return frozenset(name for name in methods - asked if not name.startswith("__"))


def _words(made: Definition) -> Iterator[tuple[str, str]]:
    source = parse_source(made.source) if made.kind == "value" else None
    for node in source.tree.body if source else ():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as word)):
                yield name, word
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=0 | 1 | 2 | 0.5 as number)):
                if _NUMBER_WORD.match(name):
                    yield name, str(number)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys, values=values)):
                for key, value in zip(keys, values, strict=True):
                    match (key, value):
                        case (ast.Constant(value=str() as entry), ast.Constant(value=str() as word)):
                            yield f"{name}[{entry!r}]", word


def _codes(made: Definition) -> Iterator[str]:
    source = parse_source(made.source) if made.kind == "value" else None
    for node in source.tree.body if source else ():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int())):
                yield name
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if all(
                map(_is_whole, values)
            ):
                yield from (name.id for name in names if isinstance(name, ast.Name))
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Call(func=ast.Name(id="range"))):
                yield from (name.id for name in names if isinstance(name, ast.Name))


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _taken(made: Definition) -> Iterator[tuple[str, tuple[str, ...]]]:
    source = parse_source(made.source) if made.kind in ("function", "value") else None
    for node in source.tree.body if source else ():
        match node:
            case ast.FunctionDef(name=name):
                yield name, parameter_names(node)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as function):
                yield name, parameter_names(function)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=maker)) if "partial" in ast.dump(
                maker
            ):
                yield name, ()


#: What a wrapper is made of, but for names: no arithmetic but a product of matrices.
_PLAIN = (ast.Call, ast.Attribute, ast.Subscript, ast.Name, ast.Constant, ast.keyword, ast.Tuple, ast.Starred)
_PLAIN_TOO = (
    ast.Slice,
    ast.UnaryOp,
    ast.USub,
    ast.MatMult,
    ast.expr_context,
    ast.JoinedStr,
    ast.FormattedValue,
)
_REARRANGING = frozenset(
    str.split("""
    sum mean dot matmul transpose reshape zeros ones zeros_like ones_like randn array asarray list tuple dict len
    range reversed enumerate zip str int float squeeze shape outer copy startswith endswith append extend join
    """)
)


def _wrappers(definitions: Sequence[Definition]) -> frozenset[int]:
    """Those that only call the library, or one another."""
    bodies = {index: body for index, made in enumerate(definitions) if (body := _one_expression(made))}
    names = {name: index for index in bodies for name in definitions[index].binds}
    found: set[int] = set()
    for _ in range(3):
        known = {name for name, index in names.items() if index in found}
        found |= {index for index, body in bodies.items() if _only_rearranges(body, known)}
    return frozenset(found)


def _one_expression(made: Definition) -> ast.expr | None:
    source = parse_source(made.source) if made.kind in ("function", "value") else None
    match source.tree.body if source else []:
        case [ast.FunctionDef(body=[*first, ast.Return(value=ast.expr() as value)])] if _is_docstring(first):
            return value
        case [
            ast.FunctionDef(
                args=ast.arguments(args=taken),
                body=[
                    *first,
                    ast.Assign(targets=[ast.Name(id=here)], value=value),
                    ast.Return(value=ast.Name(id=back)),
                ],
            )
        ] if _is_docstring(first) and here == back and not any(COLUMNS.match(one.arg) for one in taken):
            return value
        case [ast.Assign(value=ast.Lambda(body=value))]:
            return value
    return None


def _is_docstring(body: Sequence[ast.stmt]) -> bool:
    return not body or len(body) == 1 and isinstance(body[0], ast.Expr)


def _only_rearranges(body: ast.expr, wrappers: set[str]) -> bool:
    for node in ast.walk(body):
        if isinstance(node, ast.BinOp):
            if not isinstance(node.op, ast.MatMult):
                return False
        elif not isinstance(node, (*_PLAIN, *_PLAIN_TOO)):
            return False
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called not in _REARRANGING and called not in wrappers:
                return False
    return True


def _is_table(made: Definition) -> bool:
    quoted = made.source.replace("'", '"')
    return made.kind == "value" and '"sigmoid":' in quoted and '"relu":' in quoted


def _parameters(source: Source) -> tuple[str, ...]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return parameter_names(node)
    return ()


def _numpy(definitions: Sequence[Definition]) -> str:
    """The name that numpy goes by in this notebook."""
    for made in definitions:
        source = parse_source(made.source) if made.kind == "import" else None
        for node in source.nodes if source else ():
            if isinstance(node, ast.Import):
                names = [a.asname or a.name for a in node.names if a.name == "numpy"]
                if names:
                    return names[0]
    return "np"
