"""A rubric of a lecturer's own, as text: its reference lies in its folder, and nothing of it in this project."""

from __future__ import annotations

from pathlib import Path

RUBRIC = """\
title: "Softmax and a step"
version: 1
reference: ./reference.py
functions:
  softmax:
    points: 50
    parameters: [Z]
    returns: [A, cache]
    private: [cache]
  step:
    points: 50
    parameters: [params, grads, lr]
    returns: {W1: .W1, b1: .b1}
"""
REFERENCE = """\
import numpy as np


def softmax(Z):
    powers = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    A = powers / np.sum(powers, axis=0, keepdims=True)
    return A, powers


def step(params, grads, lr):
    W1 = params["W1"] - lr * grads["dW1"]
    b1 = params["b1"] - lr * grads["db1"]
    return {"W1": W1, "b1": b1}
"""
INPUTS = """\
from grader.references.suite import CallMaker, Suite


def make_suite(functions, seed, only=None):
    calls = CallMaker(seed, only=only)
    rng = calls.rng("all")
    for shape in ((3, 7), (5, 4), (3, 3)):
        calls.add("softmax", rng.normal(size=shape))
        A, _ = functions["softmax"](rng.normal(size=shape))
        grads = {"dW1": A, "db1": A[:, :1]}
        calls.add("step", {"W1": rng.normal(size=shape), "b1": rng.normal(size=(shape[0], 1))}, grads, 0.3)
    return Suite(calls.done())
"""
SIGN = """\
title: "the step is added, not subtracted"
function: step
credit: 0.5
forms:
  W1:
    edits:
      - {from: 'params["W1"] - lr', to: 'params["W1"] + lr'}
repairs: [sign]
feedback:
  nudge: >-
    The size of the step is right. Look at its direction.
  explanation: >-
    The gradient points to where the cost grows. Descent goes the other way.
  fix: >-
    Subtract the step.
"""


def write_rubric(folder: Path) -> Path:
    """The rubric's folder, written."""
    files = {
        "rubric.yaml": RUBRIC,
        "reference.py": REFERENCE,
        "reference_inputs.py": INPUTS,
        "misconceptions/step-plus-sign.yaml": SIGN,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def change(path: Path, old: str, new: str) -> int:
    """Puts other text in a file, and gives the line that it begins in."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


OVERFLOWS = """\
title: "the maximum is not subtracted"
function: softmax
forms:
  plain:
    edits:
      - {from: "Z - np.max(Z, axis=0, keepdims=True)", to: "Z"}
feedback:
  nudge: >-
    For small scores the values are right. Look at scores of about 1000.
  explanation: >-
    The exponential of a number above 709 is infinite, and infinity by infinity is not a number.
  fix: >-
    Subtract the maximum of the column first.
"""
