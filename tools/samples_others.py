"""The sample submissions of the rubrics besides the anchor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.rubric.load import load_rubric
from tools.notebooks import nbformat4, notebook_cells
from tools.samples import form_named, function_texts, misconception_sample

STYLE_2017 = Path(__file__).with_name("style_2017_logistic.py")

#: File name → forms, each `id@form`.
LOGISTIC: Mapping[str, tuple[str, ...]] = {
    "abel-dw-transposed": ("dw-transposed",),
    "bertha-1-over-m-missing": ("missing-1-over-m@dw", "missing-1-over-m@db"),
    "cyril-y-minus-a": ("wrong-sign@both",),
    "dora-cost-sign-between-terms": ("cost-wrong-sign-between-terms",),
    "emil-plus-and-no-learning-rate": ("update-plus-sign@w", "update-missing-learning-rate@b"),
    "fanny-returns-probabilities": ("predict-probabilities",),
    "georg-weights-with-one-axis": ("init-shape-vector",),
}
REGRESSION: Mapping[str, tuple[str, ...]] = {
    "anton-y-minus-a-over-m": ("dal-wrong-sign", "dal-includes-1-over-m"),
    "beate-factor-two": ("dal-factor-two@doubled",),
    "conrad-factor-one-half": ("dal-factor-two@halved",),
    "dagmar-output-relu": ("last-layer-relu",),
    "egon-cross-entropy": ("cost-cross-entropy", "dal-cross-entropy"),
    "frieda-1-over-m-missing": ("missing-1-over-m@dW", "missing-1-over-m@db"),
}


#: The template's predict of 2021, with nothing written in it.
BLANK_2021 = """def predict(w, b, X):
    m = X.shape[1]
    Y_prediction = np.zeros((1, m))
    w = w.reshape(X.shape[0], 1)

    # Compute vector "A" predicting the probabilities of a cat being present in the picture
    # (≈ 1 line of code)
    # A = ...
    # YOUR CODE STARTS HERE

    # YOUR CODE ENDS HERE

    for i in range(A.shape[1]):

        # Convert probabilities A[0,i] to actual predictions p[0,i]
        # if A[0, i] > ____ :
        #     Y_prediction[0,i] =
        # YOUR CODE STARTS HERE

        # YOUR CODE ENDS HERE

    return Y_prediction"""


def logistic_samples() -> Iterator[tuple[str, str]]:
    """(file name, text) of every sample of logistic-regression."""
    rubric = load_rubric("logistic-regression")
    title = rubric.title
    old, right = style_2017(), function_texts(rubric)
    yield "right-2017.ipynb", nbformat4(notebook_cells(old, "logistic-2017", title))
    yield "right-2021.ipynb", misconception_sample(rubric, ())
    for name, forms in LOGISTIC.items():
        yield f"{name}.ipynb", misconception_sample(rubric, tuple(form_named(rubric, form) for form in forms))
    unfinished = {**right, "predict": BLANK_2021}
    yield "hanna-unfinished.ipynb", nbformat4(notebook_cells(unfinished, "logistic-2021", title))


def regression_samples() -> Iterator[tuple[str, str]]:
    """(file name, text) of every sample of regression-step-by-step."""
    rubric = load_rubric("regression-step-by-step")
    for baseline, name in (
        ("L", "right"),
        ("J", "right-keeps-to-J"),
        ("L+squared", "right-without-the-half"),
        ("J+squared", "right-without-the-half-in-J"),
    ):
        edits = frozenset(rubric.edits_of(baseline).values())
        cells = notebook_cells(function_texts(rubric, edits), "regression", rubric.title)
        yield f"{name}.ipynb", nbformat4(cells)
    for name, forms in REGRESSION.items():
        yield f"{name}.ipynb", misconception_sample(rubric, tuple(form_named(rubric, form) for form in forms))


def style_2017() -> dict[str, str]:
    """The right solution of logistic-regression in the template's words of 2017."""
    parts = STYLE_2017.read_text(encoding="utf-8").split("# GRADED FUNCTION: ")[1:]
    return {part.splitlines()[0].strip(): part.split("\n", 1)[1].strip() for part in parts}
