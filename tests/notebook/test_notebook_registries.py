"""Functions that a decorator, a call or a base class puts into a table."""

from __future__ import annotations

from notebook_cells import executed, extracted

REGISTER = "TABLE = {}\ndef register(name):\n    def keep(f):\n        TABLE[name] = f\n        return f\n    return keep"
LOOKED_UP = "def sigmoid(z):\n    return TABLE['sigmoid'](z)"


def names_of(extraction):
    return {name for one in extraction.definitions for name in one.binds}


def test_a_function_that_a_decorator_puts_into_a_table_is_needed_with_the_table():
    extraction = extracted(REGISTER, "@register('sigmoid')\ndef curve(z):\n    return z", LOOKED_UP)
    assert {"TABLE", "register", "curve"} <= names_of(extraction)


def test_a_decorator_with_a_chain_of_calls_fills_a_table_too():
    chained = REGISTER.replace("TABLE[name] = f", "TABLE.setdefault(name, {}).update({1: f})")
    extraction = extracted(chained, "@register('sigmoid')\ndef curve(z):\n    return z", LOOKED_UP)
    assert "curve" in names_of(extraction)


def test_a_call_that_puts_a_function_into_a_table_is_made():
    register = "TABLE = {}\ndef register(name, f):\n    TABLE[name] = f"
    extraction = extracted(
        register, "def curve(z):\n    return z\nregister('sigmoid', curve)\nprint(1)", LOOKED_UP
    )
    assert "curve" in names_of(extraction)
    assert "register('sigmoid', curve)" in [one.source for one in extraction.definitions]
    assert "print(1)" not in [one.source for one in extraction.definitions]


def test_a_call_that_trains_a_network_is_no_registration():
    train = "costs = []\ndef train(n):\n    for i in range(n):\n        costs.append(i)"
    extraction = extracted(train, "train(10 ** 9)", "def sigmoid(z):\n    return z + len(costs)")
    assert "train(10 ** 9)" not in [one.source for one in extraction.definitions]


def test_a_call_whose_argument_is_computed_first_is_no_registration():
    note = "notes = []\ndef note(x):\n    notes.append(x)\ndef train():\n    return 0"
    extraction = extracted(note, "note(train())", "def sigmoid(z):\n    return z + len(notes)")
    assert "note(train())" not in [one.source for one in extraction.definitions]


def test_a_class_that_its_base_puts_into_a_table_is_needed():
    base = (
        "class Act:\n    known = {}\n    def __init_subclass__(cls):\n        Act.known[cls.__name__] = cls"
    )
    extraction = extracted(
        base, "class Curve(Act):\n    pass", "def sigmoid(z):\n    return Act.known['Curve'](z)"
    )
    assert "Curve" in names_of(extraction)


STEP = """
    from functools import singledispatch
    @singledispatch
    def step(z):
        raise TypeError
    """
BY_TYPE = "@step.register(int)\ndef _(z):\n    return z"
BY_ANNOTATION = "@step.register\ndef _(z: dict):\n    return step(z['z'])"
STEPPED = "def sigmoid(z):\n    return step(z)"


def test_all_functions_that_register_with_another_function_are_needed_with_it():
    extraction = extracted(STEP, BY_TYPE, BY_ANNOTATION, STEPPED)
    assert executed(extraction, "sigmoid")({"z": 3}) == 3


def test_a_function_that_registers_with_a_graded_one_is_needed_with_it():
    register = "@sigmoid.register(dict)\ndef curve(z):\n    return 3"
    extraction = extracted(STEP.replace("def step", "def sigmoid"), register)
    assert executed(extraction, "sigmoid")({}) == 3


ADD = """
    class Net:
        pass
    def add_to(cls):
        def add(f):
            setattr(cls, f.__name__, f)
            return f
        return add
    """
CURVE = "def curve(self, z):\n    return z"
OF_NET = "def sigmoid(z):\n    return Net().curve(z)"


def test_a_function_that_a_decorator_adds_to_a_class_is_needed_with_it():
    for decorator in ("@add_to(Net)", "@add_to(cls=Net)"):
        extraction = extracted(ADD, f"{decorator}\n{CURVE}", OF_NET)
        assert executed(extraction, "sigmoid")(3) == 3


def test_a_function_that_a_decorator_of_a_class_adds_is_needed_with_it():
    method = """
        class Net:
            @classmethod
            def method(cls, f):
                setattr(cls, f.__name__, f)
                return f
        """
    extraction = extracted(method, f"@Net.method\n{CURVE}", OF_NET)
    assert executed(extraction, "sigmoid")(3) == 3


def test_a_decorator_that_sets_an_attribute_of_a_class_by_its_name_is_seen():
    method = "class Net:\n    pass\ndef method(f):\n    setattr(Net, f.__name__, f)\n    return f"
    extraction = extracted(method, f"@method\n{CURVE}", OF_NET)
    assert executed(extraction, "sigmoid")(3) == 3


def test_a_decorator_of_a_library_or_with_a_number_changes_nothing():
    library = "import functools\nSIZE = 3\n@functools.lru_cache(SIZE)\ndef train():\n    return 1"
    reads = "def sigmoid(z):\n    return functools.reduce(max, [z, SIZE])"
    assert "train" not in names_of(extracted(library, reads))
