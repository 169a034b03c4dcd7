"""Inverse edits in programs of several definitions: tables, records, methods, lambdas."""

from __future__ import annotations

import textwrap

import pytest
from proposals_of import function, lines_of, proposed

from grader.model import Definition, Proposal, RepairRequest
from grader.repairs.propose import propose


def _class(text: str, cell: int = 1) -> Definition:
    text = textwrap.dedent(text).strip("\n")
    return Definition((text.split()[1].split("(")[0].rstrip(":"),), text, cell, 1, "class")


def _value(text: str, cell: int = 2) -> Definition:
    return Definition((text.split()[0],), text, cell, 1, "value")


def _edits(made: list[Definition], families: str, *replacements: str) -> tuple[Proposal, ...]:
    return propose(made, RepairRequest("f", tuple(families.split()), replacements))


def _sources(made: list[Definition], families: str, *replacements: str) -> list[str]:
    return [proposal.source for proposal in _edits(made, families, *replacements)]


@pytest.mark.parametrize(
    "helper", ["h = lambda p, q: p * (1 - q)", "h = lambda p: sum(q * p for q in p)", "h = lambda p: p(p)"]
)
def test_what_a_lambda_or_a_comprehension_is_handed_is_no_notebook_variable(helper: str) -> None:
    assert _edits([_value(helper), function("def f(a, b):\n    return h(a, b)")], "global") == ()


def test_a_function_that_is_called_is_no_notebook_variable() -> None:
    tables = [_value("T = {'x': first}"), _value("first = itemgetter(0)", cell=1)]
    assert _edits([*tables, function("def f(a, b):\n    return first(a) + T[b](a)")], "global") == ()


@pytest.mark.parametrize("read", ["len(dims)", "len(dims) - 1", "len(dims) // 2"])
def test_a_size_of_a_notebook_variable_may_stand_for_a_number_of_layers(read: str) -> None:
    text = function(f"def f(x, parameters):\n    L = {read}\n    return L")
    assert "L = len(parameters) // 2" in lines_of(_edits([_value("dims = [1, 2]"), text], "global"), 2)


def test_fields_of_a_record_are_exchanged() -> None:
    record = _class("class Cache(NamedTuple):\n    W: object\n    A: object")
    made = _sources([record, function("def f(A, W):\n    return Cache(A=A, W=W)")], "order")
    assert "class Cache(NamedTuple):\n    A: object\n    W: object" in made


def test_a_function_that_stands_as_a_value_is_exchanged_for_another_of_its_kind() -> None:
    ramp, slope = _value("ramp = lambda z: z * 2", 0), _value("slope = lambda z: 2", 1)
    wide = function("def both(z, y):\n    return slope(z) * y", cell=1)
    text = function("def f(z):\n    return partial(through, ramp)(z)")
    lines = lines_of(_edits([ramp, slope, wide, text], "call"), 2)
    assert "return partial(through, slope)(z)" in lines
    assert "return partial(through, both)(z)" not in lines


def test_the_two_values_of_a_table_are_exchanged() -> None:
    table = _value('T = {"relu": Sigmoid, "sigmoid": ReLU}')
    made = _sources([table, function("def f(z, kind):\n    return T[kind](z)")], "call")
    assert 'T = {"relu": ReLU, "sigmoid": Sigmoid}' in made


def test_a_method_is_exchanged_for_its_partner() -> None:
    text = "class Act:\n    def doRelu(z):\n        return z\n    def doSigmoid(z):\n        return 1"
    made = _edits([_class(text), function("def f(z):\n    return Act.doRelu(z)")], "call")
    assert "return Act.doSigmoid(z)" in lines_of(made, 2)


def test_a_table_that_is_asked_in_a_condition_is_reached() -> None:
    text = (
        "def f(z, kind):\n    if (g := T.get(kind)) is None:\n        raise KeyError(kind)\n    return g(z)"
    )
    made = _sources([_value('T = {"relu": one, "sigmoid": other}'), function(text)], "call")
    assert 'T = {"relu": other, "sigmoid": one}' in made


def test_a_lookup_looks_for_what_it_is_asked_before_all_else_is_tried() -> None:
    lookup = function(
        "def kind_of(name):\n    for kind in KINDS:\n        if kind.name == name:\n            return kind",
        1,
    )
    text = function("def f(z, name):\n    kind = kind_of(name)\n    return z if kind > 0 else 0 * z")
    made = [proposal.source for proposal in _edits([lookup, text], "compare")]
    turned, other = (
        made.index(one.source.replace(old, new))
        for one, old, new in ((lookup, "==", "!="), (text, "kind > 0", "(kind >= 0)"))
    )
    assert other < turned


def test_a_minus_in_front_of_several_lines_is_one_mistake() -> None:
    made = proposed("def f(a, b):\n    x = -(a * b)\n    y = -a.sum() / b\n    return x, y", "sign")
    assert "def f(a, b):\n    x = (a * b)\n    y = a.sum() / b\n    return x, y" in [p.source for p in made]


def test_what_a_loss_returns_has_its_minus_before_what_adds_it_up_is_turned() -> None:
    loss = function("def example_loss(a, y):\n    return y * a + y", 1)
    text = function("def f(a, y):\n    s = 0\n    for i in a:\n        s += example_loss(i, y)\n    return s")
    lines = [(p.cell, p.line) for p in _edits([loss, text], "sign")]
    assert "return -(y * a + y)" in lines_of(_edits([loss, text], "sign"), 2)
    assert lines.index((1, 2)) < lines.index((3, 4))


def test_a_formula_is_written_in_the_names_that_a_method_takes_out_of_its_context() -> None:
    text = """
    class Loss:
        @staticmethod
        def backward(ctx, grad):
            guess, target = ctx.saved
            return grad * (guess - target)
    """
    made = _edits(
        [_class(text), function("def f(AL, Y):\n    return Loss.backward(Ctx(AL, Y), 1)")],
        "formula",
        "{1} / {0}",
    )
    assert "return target / guess" in lines_of(made, 5)


def test_a_formula_with_names_is_written_in_those_of_a_helper() -> None:
    text = "def loss(ctx, guess, target, how='mean'):\n    ctx.keep(guess)\n    return -(target * guess)"
    made = _edits(
        [function(text, 1), function("def f(AL, Y):\n    return loss(C(), AL, Y)")], "formula", "{Y} / {AL}"
    )
    assert "return target / guess" in lines_of(made, 3)


def test_a_layer_is_stored_one_number_further_by_a_helper_that_stores() -> None:
    put = function('def put(grads, l, dW):\n    grads["dW" + str(l)] = dW', 1)
    text = function(
        "def f(grads, x):\n    for l in range(3):\n        put(grads, l - 1, x)\n    return grads"
    )
    assert "put(grads, l, x)" in lines_of(_edits([put, text], "key"), 3)


def test_a_blank_may_be_an_argument_by_name() -> None:
    text = function("def f(a):\n    return dict(dW=None, db=a)")
    assert "return dict(dW=[[1.0]], db=a)" in lines_of(_edits([text], "blank"), 2)
    assert "return dict(dW=a + 1, db=a)" in lines_of(_edits([text], "filling", "{0} + 1"), 2)


def test_whoever_answers_with_one_word_may_ask_for_the_last_layer() -> None:
    text = 'def f(caches):\n    L = len(caches)\n    kind = lambda _: "relu"\n    return [kind(l) for l in range(L)]'
    wanted = 'kind = lambda _: (("sigmoid" if _ == L - 1 else "relu"))'
    assert wanted in lines_of(proposed(text, "call"), 3)


def test_what_a_helper_fills_in_place_is_looked_through() -> None:
    fill = """
    def fill(dA, Z, dst):
        if dA.shape != Z.shape:
            return 1
        g, z, q = dA.ravel(), Z.ravel(), dst.ravel()
        for n in range(q.size):
            q[n] = g[n]
        return 0
    """
    made = _edits(
        [function(fill, 1), function("def f(a, b, out):\n    fill(a, b, out)\n    return out")], "add"
    )
    assert "q[n] = g[n] * (z[n] > 0)" in lines_of(made, 6)


def test_a_view_of_what_is_returned_is_filled_in_its_place() -> None:
    text = "def f(a, out):\n    seen = len(a)\n    q = out.ravel()\n    q[0] = a[0]\n    return out"
    assert [p.line for p in proposed(text, "sign") if p.line == 4]
