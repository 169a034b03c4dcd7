"""The loss L of one example, the cost J of a batch, and their derivatives with respect to the activations.

Shapes are the course's: examples are columns, so activations `a` and labels `y` are (n, m) with n units and
m examples. L is (m,): one number an example, summed over the n units. J is one number, the mean of L:

    J = (1/m) Σᵢ L⁽ⁱ⁾          so          ∂J/∂a = (1/m) ∂L/∂a

The second line holds because column i of `a` appears in L⁽ⁱ⁾ alone. Which of the two a notebook calls dA
is its convention: ∂L/∂a (the course's, L) or ∂J/∂a (J). Both lead to the same dW and db.

Units: cross-entropies are in nats (natural logarithm); squared errors are in the square of the unit of `a`.
A derivative has the unit of its loss divided by that of `a`. Entries of `a` for a cross-entropy lie in [0, 1].
Where a label gives a term the weight 0, the term is 0, also at log 0: a perfect prediction costs exactly 0.
A prediction that rules out what happened costs inf. Complex `a` is allowed, for complex-step derivatives.

Every function raises ValueError where the shapes do not fit; the message says which they are.

For who writes a reference, a page for learners or a test of one (`tests/feedback/test_concepts.py`); grading needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss function. Both fields take (a, y), each (n, m), and check the shapes.

    `per_example` gives L, (m,). `d_per_example` gives ∂L/∂a, (n, m): column i is the slope of L⁽ⁱ⁾.
    """

    name: str
    per_example: Callable[[ArrayLike, ArrayLike], Array]
    d_per_example: Callable[[ArrayLike, ArrayLike], Array]

    def cost(self, a: ArrayLike, y: ArrayLike) -> Any:
        """J = (1/m) Σ L, as a numpy scalar (complex if `a` is)."""
        return self.per_example(a, y).mean()

    def d_cost(self, a: ArrayLike, y: ArrayLike) -> Array:
        """∂J/∂a = (1/m) ∂L/∂a, (n, m)."""
        slopes = self.d_per_example(a, y)
        mean: Array = slopes / slopes.shape[1]
        return mean


def binary_cross_entropy(a: ArrayLike, y: ArrayLike) -> Array:
    """L = −Σ over units of y log a + (1 − y) log(1 − a), (m,), in nats. Soft labels are allowed.

    Source: negative log-likelihood of Bernoulli labels; Bishop, Pattern Recognition and Machine Learning
    (2006), equations 4.90 (one unit) and 5.22 (several independent units).
    """
    a, y = _columns(a, y)
    with _limits_allowed():
        losses: Array = -(_weighted(y, np.log(a)) + _weighted(1 - y, np.log(1 - a))).sum(axis=0)
        return losses


def d_binary_cross_entropy(a: ArrayLike, y: ArrayLike) -> Array:
    """∂L/∂a = −(y/a − (1 − y)/(1 − a)), (n, m), in nats per unit of a.

    Source: derivative of `binary_cross_entropy` term by term; the second term's inner derivative is −1.
    """
    a, y = _columns(a, y)
    with _limits_allowed():
        return -(_weighted(y, 1 / a) - _weighted(1 - y, 1 / (1 - a)))


def squared_error(a: ArrayLike, y: ArrayLike) -> Array:
    """L = Σ over units of (a − y)², (m,), in the square of a's unit.

    Source: the definition; J is then the mean squared error of least squares for n = 1.
    """
    a, y = _columns(a, y)
    losses: Array = ((a - y) ** 2).sum(axis=0)
    return losses


def d_squared_error(a: ArrayLike, y: ArrayLike) -> Array:
    """∂L/∂a = 2(a − y), (n, m), in a's unit. Source: derivative of `squared_error`."""
    a, y = _columns(a, y)
    return 2 * (a - y)


def half_squared_error(a: ArrayLike, y: ArrayLike) -> Array:
    """L = ½ Σ over units of (a − y)², (m,), in the square of a's unit.

    Source: Bishop (2006), equation 5.11, for one example; the ½ cancels the 2 of the derivative.
    """
    return squared_error(a, y) / 2


def d_half_squared_error(a: ArrayLike, y: ArrayLike) -> Array:
    """∂L/∂a = a − y, (n, m), in a's unit. Source: derivative of `half_squared_error`."""
    a, y = _columns(a, y)
    return a - y


def softmax_cross_entropy(a: ArrayLike, y: ArrayLike) -> Array:
    """L = −Σ over classes of y log a, (m,), in nats. Columns of `a` are softmax outputs, of `y` one-hot or soft.

    Source: negative log-likelihood of a categorical label; Bishop (2006), equations 4.108 and 5.24.
    """
    a, y = _columns(a, y)
    with _limits_allowed():
        losses: Array = -_weighted(y, np.log(a)).sum(axis=0)
        return losses


def d_softmax_cross_entropy(a: ArrayLike, y: ArrayLike) -> Array:
    """∂L/∂a = −y/a, (n, m), in nats per unit of a, each entry of `a` taken as free.

    Source: derivative of `softmax_cross_entropy`. Through the softmax it becomes ∂L/∂z = a − y
    where the labels of a column sum to 1 (Bishop 2006, equation 4.109).
    """
    a, y = _columns(a, y)
    with _limits_allowed():
        return -_weighted(y, 1 / a)


BINARY_CROSS_ENTROPY = Loss("binary cross-entropy", binary_cross_entropy, d_binary_cross_entropy)
SQUARED_ERROR = Loss("squared error", squared_error, d_squared_error)
HALF_SQUARED_ERROR = Loss("half squared error", half_squared_error, d_half_squared_error)
SOFTMAX_CROSS_ENTROPY = Loss("softmax cross-entropy", softmax_cross_entropy, d_softmax_cross_entropy)
LOSSES = (BINARY_CROSS_ENTROPY, SQUARED_ERROR, HALF_SQUARED_ERROR, SOFTMAX_CROSS_ENTROPY)


def _columns(a: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Both as inexact (n, m) arrays of equal shape, m ≥ 1; else ValueError."""
    activations, labels = _matrix("a", a), _matrix("y", y)
    if activations.shape != labels.shape:
        raise ValueError(
            f"a has shape {activations.shape} and y has shape {labels.shape}: they must be equal, "
            "(n units, m examples), because each activation has its own label"
        )
    return activations, labels


def _matrix(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values)
    if array.ndim != 2:
        raise ValueError(
            f"{name} has shape {array.shape}, not (n units, m examples): "
            "reshape it so that each column is one example, for one unit with reshape(1, -1)"
        )
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: at least one unit and one example are needed")
    return array if np.issubdtype(array.dtype, np.inexact) else array.astype(float)


def _weighted(weight: Array, term: Array) -> Array:
    # 0 · log 0 is nan for numpy, but the limit that the formula means is 0.
    return np.where(weight == 0, 0.0, weight * term)


def _limits_allowed() -> np.errstate:
    return np.errstate(divide="ignore", invalid="ignore")
