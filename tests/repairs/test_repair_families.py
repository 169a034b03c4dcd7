"""One inverse edit of each kind, and what each family leaves alone."""

from __future__ import annotations

import pytest
from proposals_of import function, lines_of, proposed

from grader.model import Definition, RepairRequest
from grader.repairs.propose import propose


@pytest.mark.parametrize(
    ("families", "text", "wanted"),
    [
        ("sign", "x -= a", "x += a"),
        ("over_m", "x /= a", "pass"),
        ("over_m", "x = np.mean(a)", "x = np.sum(a)"),
        ("over_n", "x = a / a.shape[0]", "x = a / a.shape[1]"),
        ("transpose", "x = a @ b.T", "x = b @ a.T"),
        ("transpose", "x = np.einsum('ij,jk->ik', a, b)", "x = np.einsum('ji,jk->ik', a, b)"),
        ("axis", "x = np.sum(a, axis=0)", "x = np.sum(a, axis=1, keepdims=True)"),
        ("axis", "x = a.sum(1).reshape(-1, 1)", "x = a.sum(1)"),
        ("call", "x = relu(a)", "x = sigmoid(a)"),
        ("call", "x = h(a, 'relu')", "x = h(a, 'sigmoid')"),
        ("index", "x = a[b - 1]", "x = a[b]"),
        ("index", "x = a.shape[0]", "x = a.shape[1]"),
        ("range", "for x in range(1, a): x = x", "for x in range(1, a + 1): x = x"),
        ("direction", "for x in reversed(a): x = x", "for x in a: x = x"),
        ("direction", "for x in a[::-1]: x = x", "for x in a: x = x"),
        ("direction", "for x in a: x = x", "for x in a[::-1]: x = x"),
        ("direction", "for x in range(1, 4): x = x", "for x in reversed(range(1, 4)): x = x"),
        ("name", "x = a + z", "x = a + b"),
        ("constant", "x = a * 0.5", "x = a"),
        ("statement", "x = a", "pass"),
        ("order", "x = (a, b)", "x = (b, a)"),
        ("order", "x = h(a, b)", "x = h(b, a)"),
        ("letter", "x = a['W1']", "x = a['b1']"),
        ("compare", "x = a > 0", "x = a >= 0"),
        ("drop", "x = np.abs(a)", "x = a"),
        ("drop", "x = a ** 2", "x = a"),
        ("add", "x = a - b", "x = a - (c * b)"),
        ("add", "x = a * (1 > 2)", "x = (a * (1 > 2)) + b"),
        ("add", "x[m] = 1", "x[m] = a[m]"),
        ("operator", "x = b - a / c", "x = b - (a * c)"),
        ("operator", "x /= a", "x *= a"),
        ("operator", "x = np.divide(a, c)", "x = np.multiply(a, c)"),
        ("operator", "x = a * (b - c)", "x = (b - a * c)"),
        ("order", "a.insert(0, x)", "a.append(x)"),
        ("order", "x = a + [b]", "x = [b] + a"),
        ("constant", "x = a; x.fill(0)", "x = a; pass"),
        ("constant", "x[:] = 0", "pass"),
        ("axis", "x = np.zeros(a)", "x = np.zeros((a, 1))"),
        ("range", "x = a[1:-1]", "x = a[1:]"),
        ("range", "x = a[:0:-1]", "x = a[::-1]"),
        ("over_m", "m = len(a); x = a / m", "m = a.shape[1]; x = a / m"),
        ("call", "x = repeat('relu', a)", 'x = (["relu"] * (a - 1) + ["sigmoid"])'),
        (
            "call",
            "x = dict.fromkeys(range(a), 'relu')",
            'x = {**dict.fromkeys(range(a), "relu"), a - 1: "sigmoid"}',
        ),
        ("name", "x = list(map(lambda p, q: g(a, q), b))", "x = list(map(lambda p, q: g(p[0], q), b))"),
        ("blank", "x = None", "x = [[1.0]]"),
        ("sign", "x -= a", "x = a - x"),
        ("axis", "x = a[:, m]", "x = a[:, [m]]"),
        ("axis", "x = np.zeros((1, 1))", "x = 0.0"),
        ("add", "x[m][c] = 1", "x[m][c] = a[m][c]"),
        ("global", "x = g(t_a, t_b)", "x = g(a, b)"),
        ("over_m", "m = 3; x = g(a, m * m)", "m = 3; x = g(a, m)"),
        ("over_m", "m = 3; x = -(1/m) * (1 / m) * a", "m = 3; x = (-(1 / m)) * a"),
        ("unread", "y = T[a]; x = b", "y = T[a]; x = y(b)"),
        ("statement", 'x = [s + "1" for s in "W"]', 'x = [s + "1" for s in "Wb"]'),
        ("constant", "x = np.zeros(sum(a))", "x = np.random.randn(sum(a)) * 0.01"),
    ],
)
def test_one_inverse_edit_of_each_kind(families: str, text: str, wanted: str) -> None:
    made = proposed(f"def f(a, b, c):\n    x = c\n    {text}\n    return x", families)
    assert wanted in lines_of(made, 3), lines_of(made, 3)


@pytest.mark.parametrize(
    "wanted",
    ["x = half - c", "x = (b - c) + half", "x = (b - c) * half", "x = (b + half) - c", "x = b - (c - half)"],
)
def test_what_was_computed_and_forgotten_is_put_to_use(wanted: str) -> None:
    text = "def f(a, b, c):\n    half = a / 2\n    x = b - c\n    return x"
    assert wanted in lines_of(proposed(text, "unread"), 3)
    assert proposed(text.replace("b - c", "b - half"), "unread") == ()


def test_what_comes_out_is_handed_on_to_the_next_round() -> None:
    text = "def f(a, b):\n    for l in b:\n        x, y = g(a, l)\n        b[l] = y\n    return x"
    made = proposed(text, "statement")
    assert text.replace("= y", "= y\n        a = x") in [p.source for p in made if p.line == 4]


def test_what_is_stored_layer_by_layer_is_read_a_layer_on_and_back() -> None:
    text = """
def f(x, n):
    kept = {"A0": x}
    for l in range(1, n):
        y = x
        kept["A" + str(l)] = g(y)
    for k in range(n):
        kept["B" + str(k)] = k
    return kept"""
    found = lines_of(proposed(text, "name"), 4)
    assert "y = kept['A' + str(l - 1)]" in found
    assert not any("str(k" in line for line in found), "there is no k yet"


def test_a_constant_for_a_word_is_no_notebook_variable_and_a_name_may_be_meant() -> None:
    word = Definition(("RELU",), 'RELU = "relu"', 0, 1, "value")
    helper = function("def h(a, kind):\n    return a", cell=1)
    text = function("def f(a, activation):\n    return h(a, RELU)")
    assert propose([word, helper, text], RepairRequest("f", ("global",))) == ()
    assert "return h(a, activation)" in lines_of(
        propose([word, helper, text], RepairRequest("f", ("call",))), 2
    )


def test_another_size_is_handed_to_what_divides() -> None:
    helper = function("def mean(total, count):\n    return total / count", cell=1)
    text = function("def f(a):\n    n, m = a.shape\n    return mean(a, n)")
    assert "return mean(a, m)" in lines_of(propose([helper, text], RepairRequest("f", ("over_n",))), 3)


def test_beside_relu_the_other_function_is_sigmoid() -> None:
    made = [
        function(f"def {name}(z):\n    return z", cell=cell) for cell, name in enumerate(("relu", "sigmoid"))
    ]
    text = function("def f(z, kind):\n    g = relu if kind else np.copy\n    return g(z)")
    proposals = propose([*made, text], RepairRequest("f", ("call",)))
    assert "g = relu if kind else sigmoid" in lines_of(proposals, 2)


def test_a_branch_that_is_left_out_is_a_blank_unless_the_others_say_nothing_either() -> None:
    text = """
def f(a, kind):
    x = {}
    if kind == "relu":
        x = g(a)
    elif kind == "sigmoid":
        pass
    return x["a"]"""
    assert lines_of(proposed(text, "blank"), 6) == ["return [[1.0]]"]
    assert proposed(text.replace("x = g(a)", "print(a)"), "blank") == ()


def test_a_method_that_returns_nothing_is_not_returned() -> None:
    made = proposed("def f(a, b):\n    return a.update(b)", "statement")
    assert "a.update(b); return a" in lines_of(made, 2)


def test_a_function_that_nothing_uses_comes_before_any_other_edit() -> None:
    spare = function("def act_relu(z):\n    return z * (z > 0)", cell=1)
    used = function("def act_sigmoid(z):\n    return 1 / (1 + np.exp(-z))", cell=2)
    made = propose(
        [spare, used, function("def f(a):\n    return act_sigmoid(a)")],
        RepairRequest("f", ("sign", "unread")),
    )
    assert made[0].source == "def f(a):\n    return act_relu(a)"


def test_a_function_that_nothing_uses_is_put_around_what_it_takes() -> None:
    spare = function("def activate(z, kind):\n    return z", cell=1)
    made = propose([spare, function("def f(z, kind):\n    return z")], RepairRequest("f", ("unread",)))
    assert "return activate(z=z, kind=kind)" in lines_of(made, 2)


def test_a_called_function_is_exchanged_for_one_with_as_many_parameters() -> None:
    ramp, gate, fold = (
        function(f"def {name}({given}):\n    return {given[0]}", cell=cell)
        for cell, (name, given) in enumerate([("ramp", "z"), ("gate", "x"), ("fold", "x, y")])
    )
    made = propose(
        [ramp, gate, fold, function("def f(z):\n    return ramp(z)")], RepairRequest("f", ("unread",))
    )
    assert "return gate(z)" in lines_of(made, 2)
    assert "return fold(z)" not in lines_of(made, 2)


def test_what_a_helper_is_handed_and_never_reads_is_put_to_use_there() -> None:
    helper = function("def mean(total, m):\n    check(m)\n    return total", cell=1)
    made = propose([helper, function("def f(x, m):\n    return mean(x, m)")], RepairRequest("f", ("unread",)))
    assert "return total / m" in lines_of(made, 3)


def test_a_line_that_was_commented_out_is_code_again() -> None:
    text = "def f(a, b):\n    x = a\n    # the gate\n    # x[b <= 0] = 0\n    return x"
    made = [one for one in proposed(text, "unread") if "    x[b <= 0] = 0" in one.source.split("\n")]
    assert {one.line for one in made} == {4}


def test_a_commented_line_comes_in_place_of_the_one_that_sets_the_same() -> None:
    text = "def f(a, b):\n    # x = a / b\n    x = a * b\n    return x"
    assert "x = a / b" in lines_of(proposed(text, "unread"), 3)


def test_prose_is_no_code() -> None:
    assert proposed("def f(a):\n    # GRADED: f\n    # Note: x\n    # (1 line)\n    return a", "unread") == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def f(a):\n    a * 2", "    return a * 2"),
        ("def f(a, b):\n    x = a + b", "    return x, (a, b)"),
        ("def f(a):\n    kept = []\n    x = a\n    kept.append(x)", "    return x, kept"),
        ("def f(a):\n    W1 = a\n    b1 = 2 * a", '    return {"W1": W1, "b1": b1}'),
        ("def f(a):\n    if a:\n        a + 1\n    else:\n        a - 1", "        return a - 1"),
    ],
)
def test_a_return_is_put_at_the_end(text: str, wanted: str) -> None:
    assert any(wanted in one.source.split("\n") for one in proposed(text, "return"))


def test_a_function_that_returns_has_no_return_put_in() -> None:
    assert proposed("def f(a):\n    return a", "return") == ()


def test_members_of_an_enum_are_exchanged_in_its_own_spelling() -> None:
    made = proposed("def f(a):\n    return g(a, Act.RELU.value)", "call")
    assert "return g(a, Act.SIGMOID .value)" in lines_of(made, 2)


def test_arguments_that_go_by_their_own_names_are_not_exchanged() -> None:
    assert "return g(x=y, y=x)" not in lines_of(proposed("def f(x, y):\n    return g(x=x, y=y)", "name"), 2)


def test_a_step_by_numpys_function_gets_its_factor() -> None:
    made = proposed("def f(w, g, rate):\n    return np.subtract(w, g, out=w)", "add")
    assert "return np.subtract(w, rate * g, out=w)" in lines_of(made, 2)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            'return {**{f"W{l}": p for l in k}}',
            'return {**{f"W{l}": p for l in k}, **{f"b{l}": p for l in k}}',
        ),
        ('for x in (f"W{k}",): p[x] = 0', 'for x in (f"W{k}", f"b{k}"): p[x] = 0'),
    ],
)
def test_what_is_done_for_the_weights_is_done_for_the_biases_too(text: str, wanted: str) -> None:
    assert wanted in lines_of(proposed(f"def f(p, k):\n    {text}", "statement"), 2)


def test_a_repair_in_an_f_string_is_at_the_line_of_the_string() -> None:
    made = proposed('def f(g, l):\n    return {\n        "x": 1,\n        f"dW{l - 1}": g,\n    }', "key")
    assert {one.line for one in made} == {4}


def test_a_minus_that_was_put_in_is_taken_out_before_anything_is_turned_round() -> None:
    helper = function("def slope(a, y):\n    return y / a - (1 - y) / (1 - a)", cell=1)
    made = propose([helper, function("def f(a, y):\n    return -slope(a, y)")], RepairRequest("f", ("sign",)))
    assert made[0].source == "def f(a, y):\n    return slope(a, y)"


def test_arguments_are_put_in_the_order_that_the_parameters_names_have() -> None:
    helper = function("def loss(a, y):\n    return a", cell=1)
    wrong, right = (f"def f(AL, Y):\n    return loss({given})" for given in ("Y, AL", "AL, Y"))
    made = propose([helper, function(wrong)], RepairRequest("f", ("unread",)))
    assert right in [one.source for one in made]
    made = propose([helper, function(right)], RepairRequest("f", ("unread",)))
    assert wrong not in [one.source for one in made]


def test_a_parameter_that_nothing_reads_comes_in_place_of_a_number() -> None:
    assert "return g(a, rate)" in lines_of(proposed("def f(a, rate):\n    return g(a, 1)", "unread"), 2)
    assert "step = rate" in lines_of(
        proposed("def f(a, rate):\n    step = 1\n    return a - step", "unread"), 2
    )


def test_a_formula_that_passes_over_what_was_computed_comes_late() -> None:
    text = "def f(a, y):\n    part = y * np.log(a)\n    return -np.sum(part)"
    request = RepairRequest("f", ("formula",), ("{1} * np.log({0}) + 1",))
    lines = [one.line for one in propose([function(text)], request)]
    assert lines[0] == 2


def test_a_blank_is_filled_with_formulas() -> None:
    request = RepairRequest("f", ("filling",), ("np.dot({0}, {1})",))
    made = propose([function("def f(a, b):\n    x = None\n    return x + 1")], request)
    assert [one.source for one in made] == ["def f(a, b):\n    x = np.dot(a, b)\n    return x + 1"]


def test_two_signs_in_one_line_are_exchanged_together() -> None:
    made = proposed("def f(w, b, g, h):\n    return {'W': w + g, 'b': b + h}", "sign")
    assert "return {'W': w - g, 'b': b - h}" in lines_of(made, 2)


def test_a_repair_of_a_wrapper_comes_last() -> None:
    wrapper = function("def rows(x):\n    return x.sum(axis=1)", cell=1)
    user = function("def f(a, m):\n    s = rows(a)\n    return {'db1': s}")
    made = propose([wrapper, user], RepairRequest("f", ("sign",)))
    assert [one.cell for one in made].index(1) == len([one for one in made if one.cell != 1])


def test_the_word_of_a_class_may_be_one_that_its_objects_hold() -> None:
    owner = function(
        "class L:\n    def __init__(self, kind):\n        self.kind = kind\n"
        "    def go(self, a):\n        return g(a, 'relu')",
        cell=1,
    )
    owner = Definition(("L",), owner.source, 1, 1, "class")
    made = propose([owner, function("def f(a):\n    return L('x').go(a)")], RepairRequest("f", ("call",)))
    assert any("return g(a, self.kind)" in one.source for one in made)


def test_what_is_printed_at_the_end_is_returned() -> None:
    text = "def f(a, b):\n    x = a + b\n    y = a - b\n    z = a\n    print(x.shape, y)"
    assert any("    return x, y" in one.source.split("\n") for one in proposed(text, "return"))


def test_what_was_computed_and_not_stored_is_stored_too() -> None:
    text = (
        "def f(p, w, b):\n    w_key = 'W' + str(1)\n    b_key = 'b' + str(1)\n    other = p[b_key]\n"
        "    new_w = w - 1\n    new_b = b - other\n    p[w_key] = new_w\n    return p"
    )
    assert "p[w_key] = new_w; p[b_key] = new_b" in lines_of(proposed(text, "unread"), 7)


def test_a_word_that_a_table_of_the_notebook_holds_is_exchanged() -> None:
    table = Definition(("ACT",), 'ACT = {"hid": "relu", "out": "sigmoid"}', 1, 1, "value")
    user = function("def f(a, L):\n    return [g(a, ACT['out']) for i in range(1, L + 1)]")
    made = propose([table, user], RepairRequest("f", ("call",)))
    assert "return [g(a, 'relu') for i in range(1, L + 1)]" in lines_of(made, 2)
    assert any('("sigmoid" if i == L else "relu")' in line for line in lines_of(made, 2))


def test_a_formula_for_what_a_name_holds_is_at_the_line_where_that_begins() -> None:
    text = "def f(a, y):\n    part = a - y\n    part *= 2\n    whole = part\n    return whole + 1"
    request = RepairRequest("f", ("formula",), ("{1} / {0}",))
    assert [one.line for one in propose([function(text)], request) if "whole = y / a" in one.source] == [2]


def test_a_word_of_the_notebook_is_exchanged_where_it_is_read() -> None:
    word = Definition(("LAST",), 'LAST = "sigmoid"', 1, 1, "value")
    made = propose([word, function("def f(a):\n    return g(a, LAST)")], RepairRequest("f", ("call",)))
    assert "return g(a, 'relu')" in lines_of(made, 2)


@pytest.mark.parametrize(
    "text",
    ["x = None\n    x = a", "x = a.sum(axis=None)", "x = a.get(b, None)", "x = a[None, :]", "x = a is None"],
)
def test_what_is_no_blank_is_not_filled(text: str) -> None:
    assert proposed(f"def f(a, b):\n    {text}\n    return x", "blank") == ()


def test_a_blank_in_one_branch_is_open_although_the_other_is_written() -> None:
    made = proposed("def f(a):\n    if a:\n        x = None\n    else:\n        x = a\n    return x", "blank")
    assert [p.line for p in made] == [3]


def test_a_name_for_a_part_is_an_alias_of_it() -> None:
    text = "def f(p):\n    w = p['W1']\n    for k, b in p.items():\n        b += 1\n    w += 2\n    return p"
    assert {p.line for p in proposed(text, "sign")} >= {4, 5}


def test_what_lets_a_loop_end_is_left_alone() -> None:
    text = "def f(a, n):\n    i = 0\n    while i < n:\n        a = a + 1\n        i += 1\n    return a"
    made = proposed(text, "sign constant statement index range operator drop")
    assert 4 in {p.line for p in made} and 5 not in {p.line for p in made}


def test_definitions_that_need_no_mending_are_left_alone() -> None:
    helper = function("def g(a):\n    return -a")
    mine = function("def f(a):\n    return -g(a)", cell=5)
    both = propose([helper, mine], RepairRequest("f", ("sign",)))
    assert {p.definition for p in both} == {0, 1}
    assert {p.definition for p in propose([helper, mine], RepairRequest("f", ("sign",), (), (0,)))} == {1}


def test_what_only_renames_comes_before_what_computes() -> None:
    made = proposed("def f(a, b):\n    product = a @ b.T\n    x = product\n    return x", "over_m")
    assert made[0].line == 3


def test_an_index_into_what_is_handed_in_is_no_key() -> None:
    text = 'def f(caches, l):\n    x = caches[l]\n    return {"dW" + str(l): x}'
    assert "x = caches[(l - 1)]" not in lines_of(proposed(text, "key"), 2)
    assert "x = caches[(l - 1)]" in lines_of(proposed(text, "index"), 2)
