"""What `run` observes of student code, and how it goes on after whatever that does."""

from __future__ import annotations

import numpy as np
import pytest
from worker_samples import call, helper, one, program

from grader.model import Call, Definition, Opaque, Program, Ref, Step, Value
from grader.worker.limits import Limits
from grader.worker.sandbox import Sandbox

# ----------------------------------------------------------------------------------------- values


def test_a_function_gets_its_arguments_and_gives_its_value(tiered: Sandbox) -> None:
    source = """
        import numpy as np
        def linear_forward(A, W, b):
            return np.dot(W, A) + b, (A, W, b)
    """
    A, W, b = np.arange(6.0).reshape(3, 2), np.ones((4, 3)), np.ones((4, 1))
    outcome = one(tiered, source, call("linear_forward", A, W, b))
    assert outcome.status == "value"
    np.testing.assert_array_equal(outcome.value[0], W @ A + b)
    np.testing.assert_array_equal(outcome.value[1][0], A)


def test_outcomes_come_in_the_order_of_the_calls(sandbox: Sandbox) -> None:
    calls = [call("f", i) for i in range(200)]
    outcomes = sandbox.run(program("def f(x):\n    return 2 * x"), calls, helper)
    assert [outcome.value for outcome in outcomes] == [2 * i for i in range(200)]


def test_objects_that_are_not_carried_are_opaque(sandbox: Sandbox) -> None:
    source = """
        class Cache:
            pass
        def f():
            return [Cache(), {1, 2}]
    """
    assert one(sandbox, source, call("f")).value == [Opaque("Cache"), Opaque("set")]


def test_a_coroutine_is_not_a_value(sandbox: Sandbox) -> None:
    assert one(sandbox, "async def f():\n    return 1", call("f")).value == Opaque("coroutine")


def test_each_call_gets_arguments_that_no_other_has_touched(sandbox: Sandbox) -> None:
    source = "def f(x, d):\n    x += 1\n    d['k'] = 1\n    return x.sum(), len(d)"
    asked = call("f", np.zeros(3), {})
    outcomes = sandbox.run(program(source), [asked, asked], helper)
    assert [outcome.value for outcome in outcomes] == [(3.0, 1), (3.0, 1)]


def test_a_huge_value_is_named_and_not_sent(sandbox: Sandbox) -> None:
    source = "import numpy as np\ndef f():\n    return np.zeros((3000, 3000))"
    assert one(sandbox, source, call("f")).value == Opaque("ndarray that is too large")


def test_a_value_of_too_many_parts_is_cut_where_it_gets_too_much(sandbox: Sandbox) -> None:
    outcome = one(sandbox, "def f():\n    print('hi')\n    return [[0] * 1000] * 1000", call("f"))
    assert (outcome.status, outcome.stdout) == ("value", "hi\n")
    assert "nested too deeply or too large" in repr(outcome.value)


# ------------------------------------------------------------------------------------------ steps


def test_refs_are_the_students_own_objects(sandbox: Sandbox) -> None:
    source = """
        class Cache:
            def __init__(self, A):
                self.A = A
        def forward(A):
            return A * 2, {"caches": [Cache(A)]}
        def backward(dA, cache):
            return dA * cache.A
    """
    steps = (Step("forward", (np.ones(2),)), Step("backward", (3.0, Ref(0, (1, "caches", 0)))))
    outcome = one(sandbox, source, Call("c", "backward", steps))
    np.testing.assert_array_equal(outcome.value, [3.0, 3.0])


def test_refs_are_found_in_nested_arguments(sandbox: Sandbox) -> None:
    source = "def f(x):\n    return x\ndef g(a, d):\n    return a, d"
    steps = (Step("f", (1.5,)), Step("f", ("two",)), Step("g", ([Ref(0), (Ref(1),)], {"k": Ref(0)})))
    assert one(sandbox, source, Call("c", "g", steps)).value == ([1.5, ("two",)], {"k": 1.5})


def test_a_ref_to_what_is_not_there_raises_as_in_the_students_code(sandbox: Sandbox) -> None:
    steps = (Step("f", ()), Step("f", (Ref(0, (7,)),)))
    outcome = one(sandbox, "def f(*args):\n    return (1, 2)", Call("c", "f", steps))
    assert outcome.raised is not None
    assert outcome.raised.type == "IndexError"


# ---------------------------------------------------------------------------------------- helpers

_ACT = """
    from dnn_utils_v2 import sigmoid, relu
    def act(Z):
        A, cache = sigmoid(Z)
        return A, cache
"""


def test_bound_helpers_answer_from_the_grader(tiered: Sandbox) -> None:
    Z = np.array([[0.0, 1.0]])
    outcome = one(tiered, _ACT, call("act", Z, bind=("sigmoid",)))
    np.testing.assert_array_equal(outcome.value[0], helper("sigmoid", (Z,), "L")[0])


def test_bound_helpers_replace_the_students_own_for_that_call_only(sandbox: Sandbox) -> None:
    source = "def sigmoid(Z):\n    return 'mine', Z\ndef act(Z):\n    return sigmoid(Z)[0]"
    calls = [call("act", 0.0), call("act", 0.0, bind=("sigmoid",)), call("act", 0.0)]
    outcomes = sandbox.run(program(source), calls, helper)
    assert [outcome.value for outcome in outcomes] == ["mine", 0.5, "mine"]


def test_a_bound_name_that_the_notebook_lacks_is_gone_afterwards(sandbox: Sandbox) -> None:
    source = "def f():\n    return sigmoid(0.0)[0]"
    bound, unbound = sandbox.run(program(source), [call("f", bind=("sigmoid",)), call("f")], helper)
    assert bound.value == 0.5
    assert unbound.raised is not None
    assert unbound.raised.message == "name 'sigmoid' is not defined"


def test_a_helper_is_told_the_convention_of_the_call(sandbox: Sandbox) -> None:
    source = "def f():\n    return convention()"
    calls = [call("f", bind=("convention",), convention=name) for name in ("L", "J")]
    outcomes = sandbox.run(program(source), calls, helper)
    assert [outcome.value for outcome in outcomes] == ["L", "J"]


def test_only_what_is_bound_is_answered(sandbox: Sandbox) -> None:
    source = """
        import dnn_utils
        def act(Z):
            return dnn_utils.linear_backward(Z, Z)
    """
    outcome = one(sandbox, source, call("act", 1.0, bind=("sigmoid",)))
    assert outcome.raised is not None
    assert (outcome.raised.type, outcome.raised.name) == ("NameError", "linear_backward")


def test_in_place_the_imported_course_functions_are_answered(sandbox: Sandbox) -> None:
    assert one(sandbox, _ACT, call("act", 0.0)).value[0] == 0.5


def test_in_place_the_function_under_test_is_not_answered(sandbox: Sandbox) -> None:
    source = "import dnn_utils\ndef sigmoid(Z):\n    return dnn_utils.sigmoid(Z)"
    outcome = one(sandbox, source, call("sigmoid", 0.0))
    assert outcome.raised is not None
    assert outcome.raised.type == "NameError"


def test_a_helper_that_refuses_its_arguments_raises_in_student_code(sandbox: Sandbox) -> None:
    source = """
        def f(Z):
            try:
                return nope(Z)
            except ValueError as error:
                return str(error)
    """
    outcome = one(sandbox, source, call("f", 1.0, bind=("nope",)))
    assert outcome.value == "no helper nope with these arguments"


def test_helpers_take_keywords_by_the_helpers_own_parameter_names(sandbox: Sandbox) -> None:
    class Helper:
        def __init__(self) -> None:
            self.parameters = {"minus": ("left", "right")}

        def __call__(self, name: str, args: tuple[Value, ...], convention: str) -> Value:
            return args[0] - args[1]

    source = "def f():\n    return minus(right=1, left=5), minus(5, right=2)\ndef g():\n    return minus(5, wrong=1)"
    calls = [call("f", bind=("minus",)), call("g", bind=("minus",))]
    good, bad = sandbox.run(program(source), calls, Helper())
    assert good.value == (4, 3)
    assert bad.raised is not None
    assert bad.raised.type == "TypeError"


def test_helpers_are_answered_a_limited_number_of_times() -> None:
    with Sandbox.start("none", Limits(callbacks=10)) as sandbox:
        source = "def f(n):\n    return [sigmoid(float(i)) for i in range(n)][0][0]"
        calls = [call("f", n, bind=("sigmoid",)) for n in (10, 11)]
        good, bad = sandbox.run(program(source), calls, helper)
    assert good.value == 0.5
    assert bad.raised is not None
    assert "more than 10 times" in bad.raised.message


def test_helpers_are_not_answered_with_huge_arguments(sandbox: Sandbox) -> None:
    source = "import numpy as np\ndef f():\n    return sigmoid(np.zeros((100, 100)))"
    outcome = one(sandbox, source, call("f", bind=("sigmoid",)))
    assert outcome.raised is not None
    assert "too large" in outcome.raised.message


def test_a_course_function_cannot_be_used_while_the_notebook_is_loaded(sandbox: Sandbox) -> None:
    source = "from dnn_utils import sigmoid\nX = sigmoid(0.0)\ndef f():\n    return X[0]"
    outcome = one(sandbox, source, call("f"))
    assert outcome.raised is not None
    assert "while the notebook is loaded" in outcome.raised.message


# ------------------------------------------------------------------------------------- exceptions


def test_an_exception_has_type_message_cell_and_line(tiered: Sandbox) -> None:
    source = "def f(x):\n    y = 1\n    return x['missing']"
    definitions = (Definition(("f",), source, 17, 5, "function"),)
    (outcome,) = tiered.run(Program(definitions), [call("f", {})], helper)
    assert outcome.status == "raised"
    assert outcome.raised is not None
    assert (outcome.raised.type, outcome.raised.message) == ("KeyError", "'missing'")
    assert (outcome.raised.cell, outcome.raised.line) == (17, 7)


def test_the_place_is_the_innermost_line_of_the_student(sandbox: Sandbox) -> None:
    source = "import numpy as np\ndef g(x):\n    return np.dot(x, x.T.T)\n\ndef f(x):\n    return g(x)"
    outcome = one(sandbox, source, call("f", np.zeros((2, 3))))
    assert outcome.raised is not None
    assert (outcome.raised.type, outcome.raised.line) == ("ValueError", 3)


def test_a_function_that_does_not_exist_is_a_name_error(sandbox: Sandbox) -> None:
    outcome = one(sandbox, "X = 1", call("nowhere"))
    assert outcome.raised is not None
    assert (outcome.raised.type, outcome.raised.name) == ("NameError", "nowhere")


def test_a_definition_that_raises_costs_only_those_who_need_it(sandbox: Sandbox) -> None:
    source = "X = 1 / 0\ndef f():\n    return X + 1\ndef g():\n    return 5"
    broken, whole = sandbox.run(program(source), [call("f"), call("g")], helper)
    assert whole.value == 5
    assert broken.raised is not None
    assert (broken.raised.type, broken.raised.line) == ("ZeroDivisionError", 1)


@pytest.mark.parametrize("statement", ["raise SystemExit(3)", "raise KeyboardInterrupt", "exit()", "quit()"])
def test_leaving_is_an_exception_like_any_other(sandbox: Sandbox, statement: str) -> None:
    source = f"def f():\n    {statement}\ndef g():\n    return 1"
    left, after = sandbox.run(program(source), [call("f"), call("g")], helper)
    assert left.status == "raised"
    assert after.value == 1


def test_an_exception_whose_text_raises_is_told_all_the_same(sandbox: Sandbox) -> None:
    source = "class E(Exception):\n    def __str__(self):\n        raise self\ndef f():\n    raise E"
    outcome = one(sandbox, source, call("f"))
    assert outcome.raised is not None
    assert outcome.raised.type == "E"


def test_a_long_message_is_cut(sandbox: Sandbox) -> None:
    outcome = one(sandbox, "def f():\n    raise ValueError('x' * 10**7)", call("f"))
    assert outcome.raised is not None
    assert len(outcome.raised.message) == 300


def test_infinite_recursion_is_a_recursion_error(sandbox: Sandbox) -> None:
    outcome = one(sandbox, "def f(x):\n    return f(x + 1)", call("f", 0))
    assert outcome.raised is not None
    assert outcome.raised.type == "RecursionError"


def test_asserts_can_be_stripped(sandbox: Sandbox) -> None:
    source = "def f(x):\n    assert x > 0\n    if x < 0:\n        assert False, 'no'\n    return x"
    asked = call("f", -1)
    kept = one(sandbox, source, asked)
    assert kept.raised is not None
    assert kept.raised.type == "AssertionError"
    assert one(sandbox, source, asked, strip_asserts=True).value == -1


# ------------------------------------------------------------------------------ prints and changes


def test_prints_are_kept_for_each_call(sandbox: Sandbox) -> None:
    source = (
        "import sys\ndef f(x):\n    print('got', x)\n    sys.stdout.write('raw')\n    sys.stderr.write('!')"
    )
    outcomes = sandbox.run(program(source), [call("f", 1), call("f", 2)], helper)
    assert [outcome.stdout for outcome in outcomes] == ["got 1\nraw!", "got 2\nraw!"]


def test_a_flood_of_prints_is_cut() -> None:
    with Sandbox.start("none", Limits(stdout_chars=1000)) as sandbox:
        outcome = one(
            sandbox, "def f():\n    for _ in range(10**5):\n        print('é' * 50)\n    return 1", call("f")
        )
    assert outcome.value == 1
    assert len(outcome.stdout) == 1000


def test_warnings_and_floating_point_errors_are_silent(sandbox: Sandbox) -> None:
    source = """
        import numpy as np, warnings
        def f():
            warnings.warn("look")
            return np.log(np.zeros(2)) / np.zeros(2)
    """
    outcome = one(sandbox, source, call("f"))
    assert (outcome.status, outcome.stdout) == ("value", "")


def test_watch_tells_which_arguments_were_changed(sandbox: Sandbox) -> None:
    source = "def f(a, b, c):\n    b *= 2\n    c['new'] = 1\n    return a.sum()"
    arguments: tuple[Value, ...] = np.ones(2), np.ones(2), {}
    assert one(sandbox, source, call("f", *arguments, watch=True)).changed_args == (1, 2)
    assert one(sandbox, source, call("f", *arguments)).changed_args == ()


@pytest.mark.parametrize(
    ("body", "differs"),
    [
        ("return np.random.randn(3)", False),
        ("return random.random()", False),
        ("COUNT.append(1); return len(COUNT)", True),
        ("COUNT.append(1); return 1 // (2 - len(COUNT))", True),
        ("return np.random.default_rng().normal()", True),
    ],
)
def test_watch_tells_whether_a_second_run_differs(sandbox: Sandbox, body: str, differs: bool) -> None:
    source = f"import random\nimport numpy as np\nCOUNT = []\ndef f():\n    {body}"
    outcome = one(sandbox, source, call("f", watch=True))
    assert outcome.status == "value"
    assert outcome.differs_on_second_run is differs


def test_a_seed_makes_random_numbers_those_of_the_seed(sandbox: Sandbox) -> None:
    source = "import numpy as np\ndef f():\n    return np.random.randn(3)"
    calls = [call("f", seed=3), call("f", seed=3), call("f", seed=4), call("f"), call("f")]
    values = [outcome.value.tolist() for outcome in sandbox.run(program(source), calls, helper)]
    np.random.seed(3)
    assert values[0] == values[1] == np.random.randn(3).tolist()
    assert values[2] != values[0]
    assert values[3] == values[4]
