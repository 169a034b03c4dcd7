"""The sample submissions, each made from the reference by the edits of its misconceptions."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.errors import UsageError
from grader.nearest import nearest
from grader.rubric.edits import edited_function
from grader.rubric.load import load_rubric, load_source
from grader.rubric.schema import Edit, Form, Rubric
from tools.notebooks import nbformat3, nbformat4, notebook_cells

FOLDER = Path(__file__).resolve().parent.parent / "sample_submissions"
STYLE_2017 = Path(__file__).with_name("style_2017.py")

#: Rubric → its layout, where it is not one of the anchor's.
LAYOUTS: Mapping[str, str] = {"logistic-regression": "logistic-2021", "regression-step-by-step": "regression"}

#: File name → forms, each `id@form`.
HEADLINES: Mapping[str, tuple[str, ...]] = {
    "ada-1-over-m-twice": ("dal-includes-1-over-m",),
    "blaise-1-over-m-missing": ("missing-1-over-m@dW", "missing-1-over-m@db"),
    "carl-dal-wrong-sign": ("dal-wrong-sign",),
    "david-dal-is-dz": ("dal-is-dz",),
    "emmy-cost-not-squeezed": ("cost-not-squeezed",),
    "felix-db-without-keepdims": ("db-missing-keepdims",),
    "grace-hidden-layers-sigmoid": ("backward-hidden-layers-sigmoid", "backward-not-chained"),
    "henri-update-plus-sign": ("update-plus-sign",),
    "ida-cost-minus-and-relu-mask": ("cost-missing-minus", "relu-mask-missing"),
    "jean-scale-missing": ("init-missing-scale",),
}


def form_named(rubric: Rubric, name: str) -> Form:
    """`id` (its first form) or `id@form`."""
    found, _, wanted = name.partition("@")
    if found not in rubric.misconceptions:
        raise UsageError(
            f"{rubric.id} has no misconception {found!r}{nearest(found, rubric.misconceptions)}."
        )
    forms = {form.name: form for form in rubric.misconceptions[found].forms}
    if not forms:
        raise UsageError(
            f"{found} has no forms, so there is no sample of it: how a function ends decides it."
        )
    if wanted and wanted not in forms:
        raise UsageError(
            f"{found} has no form {wanted!r}{nearest(wanted, forms)}; forms: {', '.join(forms)}."
        )
    return forms[wanted] if wanted else next(iter(forms.values()))


def function_texts(
    rubric: Rubric, edits: frozenset[Edit] = frozenset(), *, helpers: bool = False
) -> dict[str, str]:
    """Function → source of the reference with the edits made; optional functions where edited or asked for."""
    source = load_source(rubric.reference, rubric.folder)
    edited = {edit.function for edit in edits}
    texts = {}
    for name, spec in rubric.functions.items():
        if spec.optional and not helpers and name not in edited:
            continue
        text = edited_function(source, name, [edit for edit in edits if edit.function == name])
        assert text is not None, f"edits of {name} overlap"
        texts[name] = text
    return texts


def misconception_sample(rubric: Rubric, forms: tuple[Form, ...]) -> str:
    """A notebook that is right but for these forms; forms that drop a baseline's edits keep to that baseline.

    What is wrong in later versions alone is in an early one.
    """
    early = any(rubric.misconceptions[form.misconception].later for form in forms)
    drops = {name for form in forms for name in form.drops}
    base = next(edits for name in rubric.baselines if drops <= set(edits := rubric.edits_of(name)))
    kept = {edit for name, edit in base.items() if name not in drops}
    edits = frozenset(kept.union(*(form.edits for form in forms)))
    return nbformat4(
        notebook_cells(
            function_texts(rubric, edits), LAYOUTS.get(rubric.id, "2017" if early else "2021"), rubric.title
        )
    )


def dnn_samples() -> Iterator[tuple[str, str]]:
    """(file name, text) of every sample of dnn-step-by-step."""
    rubric = load_rubric("dnn-step-by-step")
    right = function_texts(rubric)
    old = _style_2017()
    yield "right-2021.ipynb", nbformat4(notebook_cells(right, "2021"))
    yield "right-2017.ipynb", nbformat4(notebook_cells(old, "2017"))
    yield "right-old-file-format.ipynb", nbformat3(notebook_cells(old, "2017"))
    J = frozenset(rubric.conventions["J"].values())
    yield "right-keeps-to-J.ipynb", nbformat4(notebook_cells(function_texts(rubric, J), "2021"))
    for name, forms in HEADLINES.items():
        yield f"{name}.ipynb", misconception_sample(rubric, tuple(form_named(rubric, form) for form in forms))
    yield "kurt-unfinished.ipynb", nbformat4(notebook_cells(_unfinished(old), "2017"))
    yield "lise-syntax-error.ipynb", nbformat4(notebook_cells(_syntax_error(right), "2021"))
    yield "max-endless-loop.ipynb", nbformat4(notebook_cells(_endless(right), "2021"))
    yield "niels-global-variable.ipynb", nbformat4(notebook_cells(_global_read(right), "2021"))
    yield (
        "otto-not-a-notebook.ipynb",
        "<!DOCTYPE html>\n<html><head><title>Jupyter Notebook</title></head></html>\n",
    )


def _style_2017() -> dict[str, str]:
    """The right solution in the template's words of 2017."""
    parts = STYLE_2017.read_text(encoding="utf-8").split("# GRADED FUNCTION: ")[1:]
    return {part.splitlines()[0].strip(): part.split("\n", 1)[1].strip() for part in parts}


def _unfinished(functions: Mapping[str, str]) -> dict[str, str]:
    blank = (
        "def update_parameters(parameters, grads, learning_rate):\n"
        "    L = len(parameters) // 2\n\n    ### START CODE HERE ### (≈ 3 lines of code)\n"
        '    for l in range(L):\n        parameters["W" + str(l+1)] = None\n'
        '        parameters["b" + str(l+1)] = None\n    ### END CODE HERE ###\n    return parameters'
    )
    cost = (
        "def compute_cost(AL, Y):\n    m = Y.shape[1]\n\n    ### START CODE HERE ### (≈ 1 line of code)\n"
        "    cost = None\n    ### END CODE HERE ###\n\n    cost = np.squeeze(cost)\n    assert(cost.shape == ())\n"
        "    return cost"
    )
    return {**functions, "compute_cost": cost, "update_parameters": blank}


def _syntax_error(functions: Mapping[str, str]) -> dict[str, str]:
    return {**functions, "linear_forward": functions["linear_forward"].replace("W @ A", "np.dot(W, A")}


def _endless(functions: Mapping[str, str]) -> dict[str, str]:
    body = "    l = 1\n    while l <= L:\n        W, b"
    broken = functions["update_parameters"].replace("    for l in layers:\n        W, b", body)
    assert broken != functions["update_parameters"]
    return {**functions, "update_parameters": broken}


def _global_read(functions: Mapping[str, str]) -> dict[str, str]:
    source = functions["compute_cost"].replace("m = Y.shape[1]", "m = train_y.shape[1]")
    return {**functions, "compute_cost": "train_y = np.array([[1, 0, 1]])\n\n" + source}


def main() -> None:
    """Print the notebook of a misconception: `python -m tools.samples dnn-step-by-step dal-is-dz`."""
    parser = argparse.ArgumentParser(prog="python -m tools.samples", description=main.__doc__)
    parser.add_argument("rubric", help="its name, or its folder")
    parser.add_argument("forms", nargs="+", metavar="ID[@FORM]")
    options = parser.parse_args()
    try:
        rubric = load_rubric(options.rubric)
        forms = tuple(form_named(rubric, name) for name in options.forms)
        print(misconception_sample(rubric, forms))
    except UsageError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
