"""Proposals that need to know what is around a place: the number of examples, classes, tables, what nothing uses."""

from __future__ import annotations

import pytest
from proposals_of import function, lines_of, proposed

from grader.model import Definition, RepairRequest
from grader.repairs.propose import propose

# ------------------------------------------------------------------------ what stands for the batch


@pytest.mark.parametrize(
    "head", ["def f(total, m):", "def f(total, m: int):", "def f(total, count: int, m):"]
)
def test_a_helper_divides_by_the_number_that_it_is_handed(head: str) -> None:
    made = proposed(f"{head}\n    return total", "over_m")
    assert "return total / m" in lines_of(made, 2)
    assert not any("m.shape" in line for line in lines_of(made, 2))


def test_an_m_that_is_an_array_is_no_number() -> None:
    made = proposed("def f(total, m):\n    k = m.shape[0]\n    return total", "over_m")
    assert "return total / m" not in lines_of(made, 3)


def test_the_size_that_a_helper_is_handed_is_another_dimension() -> None:
    text = "def f(dZ, A_prev):\n    m = A_prev.shape[1]\n    dW = mean(dZ @ A_prev.T, A_prev.shape[0])\n    return dW"
    assert "dW = mean(dZ @ A_prev.T, A_prev.shape[1])" in lines_of(proposed(text, "over_n"), 3)


def test_the_statement_that_counts_the_units_is_right() -> None:
    text = "def f(dZ, A_prev):\n    m = A_prev.shape[1]\n    n = A_prev.shape[0]\n    return dZ / n"
    assert not lines_of(proposed(text, "over_n"), 3)


def test_names_of_a_pattern_have_values() -> None:
    text = "def f(dA, cache):\n    match cache:\n        case (linear, Z):\n            dZ = dA * dA\n    return dZ"
    assert "dZ = dA * Z" in lines_of(proposed(text, "name"), 4)


def test_what_is_shown_instead_of_returned() -> None:
    text = 'def f(cost):\n    logger.debug("cost %s", float(np.squeeze(cost)))'
    assert "return float(np.squeeze(cost))" in lines_of(proposed(text, "return"), 2)


# --------------------------------------------------------------------------------- classes and tables


LAYERS = """
class Layer:
    def __init__(self, W):
        self._W = W

    @property
    def W(self):
        return self._W

    @staticmethod
    def gate(z):
        return np.maximum(z, 0)

    def slope(self, a, z):
        return a * z

    def forward(self, X):
        z = self.W @ X
        return z


def f(W, X):
    return Layer(W).forward(X)
"""


def proposed_in_classes(families: str) -> list[str]:
    """The changed lines of what is proposed for `f`."""
    head, _, tail = LAYERS.strip().partition("\n\n\n")
    made = Definition(("Layer",), head, 1, 1, "class")
    proposals = propose([made, function(tail, cell=2)], RepairRequest("f", tuple(families.split())))
    return [one.source.split("\n")[one.line - 1].strip() for one in proposals if one.cell == 1]


def test_a_method_that_nothing_calls_may_have_been_forgotten() -> None:
    lines = proposed_in_classes("call")
    assert "return self.gate(z)" in lines
    assert not any("self.forward(z)" in line for line in lines)


def test_an_attribute_behind_a_property_and_the_receiver_are_no_other_names() -> None:
    lines = proposed_in_classes("name compare")
    assert lines
    assert not any("X.W" in line or "z.W" in line for line in lines)
    assert not any("self._W > 0" in line for line in lines)


def test_a_receiver_is_nothing_to_return() -> None:
    layer = "class Layer:\n    def forward(self, X):\n        print(X)"
    made = propose(
        [
            Definition(("Layer",), layer, 1, 1, "class"),
            function("def f(X):\n    return Layer().forward(X)", cell=2),
        ],
        RepairRequest("f", ("return",)),
    )
    lines = [one.source.split("\n")[-1].strip() for one in made if one.cell == 1]
    assert "return X" in lines
    assert "return self" not in lines


def test_the_partner_of_a_function_in_a_table_of_pairs() -> None:
    table = Definition(("PAIRS",), 'PAIRS = {"sigmoid": (relu, back), "relu": (relu, back)}', 1, 1, "value")
    helpers = [function(f"def {name}(x):\n    return x") for name in ("relu", "sigmoid", "back")]
    made = propose(
        [
            *helpers,
            table,
            function("def f(x, kind):\n    there, _ = PAIRS[kind]\n    return there(x)", cell=2),
        ],
        RepairRequest("f", ("call",)),
    )
    assert 'PAIRS = {"sigmoid": (sigmoid, back), "relu": (relu, back)}' in [one.source for one in made]


def test_what_was_looked_up_and_not_used_is_called() -> None:
    made = proposed(
        "def f(Z, kind):\n    g, _ = PAIRS[kind]\n    A = np.array(Z, copy=True)\n    return A", "unread"
    )
    assert "A = g(np.array(Z, copy=True))" in lines_of(made, 3)


def test_a_result_that_is_lost_is_kept() -> None:
    made = proposed("def f(Z, b):\n    np.add(Z, b)\n    return Z", "unread")
    assert "Z = np.add(Z, b)" in lines_of(made, 2)


def test_another_view_of_what_comes_in_is_hardly_where_a_factor_is_missing() -> None:
    text = "def f(dZ, X):\n    G, m = dZ.T, dZ.shape[1]\n    dW = X.sum() * G\n    return dW"
    lines = [one.line for one in proposed(text, "over_m")]
    assert lines.index(3) < lines.index(2)


def test_entries_of_a_dict_that_is_called_for() -> None:
    made = proposed("def f(dZ, m):\n    return dict(dW=dZ @ dZ.T, m=m)", "over_m")
    assert "return dict(dW=(dZ @ dZ.T) / m, m=m)" in lines_of(made, 2)


def test_a_word_where_a_parameter_is_never_read() -> None:
    made = propose(
        [
            function("def make(kind, W):\n    return kind, W"),
            function('def f(W, activation):\n    return make("relu", W)', cell=2),
        ],
        RepairRequest("f", ("unread",)),
    )
    assert "return make(activation, W)" in [one.source.split("\n")[-1].strip() for one in made]


def test_the_output_layer_by_its_index() -> None:
    made = proposed('def f(caches, index):\n    return "relu"', "constant")
    assert 'return ("sigmoid" if index == len(caches) - 1 else "relu")' in lines_of(made, 2)


def test_a_code_for_an_activation_is_another_one_in_the_last_round() -> None:
    codes = Definition(("RELU", "SIGMOID"), "RELU, SIGMOID = 0, 1", 1, 1, "value")
    text = "def f(caches, L):\n    for l in range(1, L + 1):\n        kind = RELU\n        run(kind, l)\n    return SIGMOID"
    made = propose([codes, function(text, cell=2)], RepairRequest("f", ("constant",)))
    lines = lines_of(made, 3)
    assert {"kind = SIGMOID", "kind = (SIGMOID if l == L else RELU)"} <= set(lines)


def test_a_number_that_has_a_name_is_no_variable_of_the_notebook() -> None:
    one = Definition(("ONE",), "ONE = 1.0", 1, 1, "value")
    rate = Definition(("RATE",), "RATE = 0.5", 1, 2, "value")
    text = "def f(W, dW, learning_rate):\n    step = -ONE\n    return W - RATE * dW"
    made = propose([one, rate, function(text, cell=2)], RepairRequest("f", ("global",)))
    assert not lines_of(made, 2)
    assert "return W - learning_rate * dW" in lines_of(made, 3)


def test_the_ends_of_a_range_and_its_direction_are_two_families() -> None:
    text = "def f(caches):\n    for l in range(1, 4):\n        run(l)\n    for one in caches[::-1]:\n        run(one)"
    ends, turned = (
        {one.source.split("\n")[one.line - 1].strip() for one in proposed(text, family)}
        for family in ("range", "direction")
    )
    assert {"for l in reversed(range(1, 4)):", "for one in caches:"} <= turned
    assert "for l in range(2, 4):" in ends
    assert not ends & turned


_INTO = """
def f(a, b, out):
    if a.shape != b.shape:
        return -1
    x = a.ravel()
    y = b.ravel()
    w = make(a)
    fill(b, w)
    z = out.ravel()
    n = out.size
    while n:
        n -= 1
        z[n] = x[n] + y[n]
    return 0
"""


def test_what_fills_an_argument_is_mended_though_only_a_code_is_returned() -> None:
    assert "z[n] = x[n] - y[n]" in lines_of(proposed(_INTO, "sign"), 12)
    text = "def f(a, b, out):\n    if a.size < 1:\n        return -1\n    check(a)\n    w = a + b\n    fill(w, out)\n    return 0"
    assert "w = a - b" in lines_of(proposed(text, "sign"), 5)


def test_what_fills_an_argument_is_mended_though_something_else_is_returned() -> None:
    text = "def f(a, out):\n    n = a.size\n    out[0] = a + n\n    return n"
    assert "out[0] = a - n" in lines_of(proposed(text, "sign"), 3)
    text = "def f(a):\n    n = a.size\n    out = {}\n    out[0] = a + n\n    return n"
    assert not lines_of(proposed(text, "sign"), 4)


def test_a_formula_is_written_with_elements_of_flat_views() -> None:
    found = lines_of(proposed(_INTO, "formula", "{0} * {1}"), 12)
    assert "z[n] = x[n] * y[n]" in found


def test_a_flat_view_that_is_read_nowhere_comes_in_with_its_element() -> None:
    text = _INTO.replace("x[n] + y[n]", "y[n] ** 2")
    assert "z[n] = (y[n] ** 2) * x[n]" in lines_of(proposed(text, "unread"), 12)


def test_a_formula_for_what_a_helper_fills_is_told_where_it_is_filled() -> None:
    text = "def f(a):\n    out = buffer(3)\n    n = 2\n    fill(out, 0.0)\n    return out"
    told = {one.line for one in proposed(text, "formula", "{0} * 2") if "return a * 2" in one.source}
    assert told == {4}


def test_what_only_gives_the_library_another_name_is_mended_last() -> None:
    rows = function("rows = lambda M: M.shape[0]", line=1)
    rows = Definition(("rows",), rows.source, 1, 1, "function")
    text = "def f(A):\n    return total(A) / rows(A)"
    made = propose([rows, function(text, cell=2)], RepairRequest("f", ("over_n",)))
    lines = [one.source.split("\n")[-1].strip() for one in made]
    assert "return total(A) / A.shape[1]" in lines and "rows = lambda M: M.shape[1]" in lines
    assert lines[-1] == "rows = lambda M: M.shape[1]"


@pytest.mark.parametrize(
    ("name", "body", "line", "first"),
    [
        ("row_mean", "total(x) / x.shape[1]", "return row_mean(A) / A.shape[1]", "return row_mean(A)"),
        ("row_mean", "total(x)", "return row_mean(A)", "return total(x) / x.shape[1]"),
        ("share", "total(x) / x.shape[1]", "return share(A) / A.shape[1]", "return total(x)"),
    ],
)
def test_a_helper_that_is_called_a_mean_is_one(name: str, body: str, line: str, first: str) -> None:
    helper = function(f"def {name}(x):\n    return {body}", cell=1)
    made = propose([helper, function(f"def f(A):\n    {line}", cell=2)], RepairRequest("f", ("over_m",)))
    lines = [one.source.split("\n")[one.line - 1].strip() for one in made]
    sensible = {"return total(x)", "return total(x) / x.shape[1]", "return row_mean(A)", "return share(A)"}
    assert next(one for one in lines if one in sensible) == first


def test_a_table_in_which_nothing_is_exchanged_is_mended_last() -> None:
    table = Definition(("T",), 'T = {"relu": relu, "sigmoid": sigmoid}', 1, 1, "value")
    text = 'def f(z, kind):\n    return T[{"relu": "sigmoid", "sigmoid": "relu"}[kind]](z)'
    made = propose([table, function(text, cell=2)], RepairRequest("f", ("call",)))
    lines = [one.source.split("\n")[one.line - 1].strip() for one in made]
    mine = lines.index('return T[{"relu": "relu", "sigmoid": "sigmoid"}[kind]](z)')
    swapped = {'T = {"relu": sigmoid, "sigmoid": relu}', "T = {'sigmoid': relu, 'relu': sigmoid}"}
    assert swapped <= set(lines)
    assert all(mine < at for at, line in enumerate(lines) if line in swapped)


def test_a_word_that_an_own_helper_repeats_is_another_one_at_the_end() -> None:
    text = 'def f(L):\n    kinds = rep("relu", L)\n    return kinds'
    assert 'kinds = (["relu"] * (L - 1) + ["sigmoid"])' in lines_of(proposed(text, "constant"), 2)


def test_a_part_of_what_a_scan_hands_on_comes_in_place_of_a_call() -> None:
    text = "def f(AL, Y, caches):\n    back = lambda above, l: step(score(AL, Y), caches[l])\n    return back"
    assert "back = lambda above, l: step(above[0], caches[l])" in lines_of(proposed(text, "name"), 2)


def test_what_an_object_says_of_itself_comes_in_place_of_a_word() -> None:
    layer = Definition(
        ("Layer",), "class Layer:\n    @property\n    def activation(self):\n        return 1", 1, 1, "class"
    )
    text = 'def f(layers):\n    return [run(layer.W, "relu") for layer in layers]'
    made = propose([layer, function(text, cell=2)], RepairRequest("f", ("constant",)))
    assert "return [run(layer.W, layer.activation) for layer in layers]" in lines_of(made, 2)


def test_a_decorator_is_looked_through() -> None:
    checked = "def checked(func):\n    def inner(*args):\n        func(*args)\n    return inner"
    helper = function(checked, cell=1)
    made = propose(
        [helper, Definition(("f",), "@checked\ndef f(x):\n    return x", 2, 1, "function")],
        RepairRequest("f", ("return",)),
    )
    assert "return func(*args)" in lines_of(made, 3)


def test_a_size_of_a_notebook_variable_is_replaced_whole() -> None:
    text = "def f(layer_dims, n):\n    return draw(n, Z_test.shape[1])"
    assert "return draw(n, n)" in lines_of(proposed(text, "global"), 2)


def test_what_a_function_gathers_is_its_own() -> None:
    assert proposed("def f(x, *args, **kwargs):\n    return run(x, *args, **kwargs)", "global") == ()


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("kind", '(kind == "sigmoid")'),
        ('kind == "s"', "kind == 'sigmoid'"),
        ('kind == "r"', "kind == 'relu'"),
    ],
)
def test_a_word_is_asked_for_in_full(asked: str, wanted: str) -> None:
    text = f"def f(z, kind):\n    return up(z) if {asked} else down(z)"
    assert f"return up(z) if {wanted} else down(z)" in lines_of(proposed(text, "compare"), 2)


def test_a_condition_on_a_count_is_left_alone() -> None:
    text = "def f(z, n):\n    if n:\n        z = z[: n + 1]\n    return z"
    assert not any("sigmoid" in line for line in lines_of(proposed(text, "compare"), 2))


def test_a_function_that_a_table_has_twice_is_another_one_at_one_place() -> None:
    up, down = (
        function(f"def {name}(x):\n    return {sign}x", cell=1) for name, sign in (("up", ""), ("down", "-"))
    )
    table = Definition(("T",), "T = dict(sigmoid=up, relu=up)", 2, 1, "value")
    use = function("def f(z, kind):\n    return T[kind](z)", cell=3)
    made = propose([up, down, table, use], RepairRequest("f", ("unread",)))
    assert "T = dict(sigmoid=down, relu=up)" in {one.source for one in made}
    table = Definition(("T",), 'T = dict.fromkeys(("sigmoid", "relu"), up)', 2, 1, "value")
    made = propose([up, down, table, use], RepairRequest("f", ("call",)))
    assert any('"sigmoid": down}' in one.source for one in made)


def test_no_formula_is_tried_for_a_number_of_examples() -> None:
    text = "def f(A, Y):\n    m = A.shape[1]\n    cost = A.sum() / m\n    return cost"
    made = proposed(text, "formula", "np.sum({0} * {1})")
    assert not lines_of(made, 2) and lines_of(made, 3)


def test_what_a_helper_fills_is_no_operand_of_its_formula() -> None:
    helper = function("def into(a, b, out):\n    for i in range(3):\n        out[i] = a[i] + b[i]", cell=1)
    use = function("def f(x):\n    out = make(3)\n    into(x, x, out)\n    return out", cell=2)
    made = propose([helper, use], RepairRequest("f", ("formula",), ("{0} * {1}",)))
    inside = {one.source.split("\n")[2].strip() for one in made if one.definition == 0 and one.line == 3}
    assert any("a * b" in line for line in inside) and not any("* out" in line for line in inside)


def test_a_matrix_may_be_called_like_the_number_of_examples() -> None:
    helper = function("def row_mean(M):\n    return total(M)", cell=1)
    use = function("def f(A):\n    return row_mean(A)", cell=2)
    made = propose([helper, use], RepairRequest("f", ("over_m",)))
    assert any("return total(M) / M.shape[1]" in one.source for one in made)


def test_math_is_numpys() -> None:
    text = "def f(z):\n    y = math.exp(-z)\n    return 1 / (1 + y)"
    assert "y = np.exp(-z)" in lines_of(proposed(text, "call"), 2)


def test_how_often_a_list_is_repeated_is_a_range() -> None:
    text = 'def f(L):\n    kinds = ["relu"] * L + ["sigmoid"]\n    return kinds'
    assert 'kinds = ["relu"] * (L - 1) + ["sigmoid"]' in lines_of(proposed(text, "range"), 2)


def test_an_entry_of_the_same_name_is_where_a_value_is_handed_out() -> None:
    """What is left out of `dw` is put in where it is computed, not in the dictionary."""
    text = 'def f(X, A, Y):\n    m = X.shape[1]\n    dw = np.dot(X, (A - Y).T)\n    grads = {"dw": dw}\n    return grads'
    tried = [one.line for one in proposed(text, "over_m") if "/ m" in one.source]
    assert tried.index(3) < tried.index(4)
