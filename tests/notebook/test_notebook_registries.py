"""Functions that a decorator, a call or a base class puts into a table."""

from __future__ import annotations

from notebook_cells import extracted

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
