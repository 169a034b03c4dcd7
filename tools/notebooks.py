"""Writes sample notebooks that look like real ones: markdown, magics, plots, test cells, course imports."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Cells = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """What surrounds the functions: import cell, a heading and a test cell for each function."""

    imports: str
    test: Callable[[str], str]
    ending: Cells = ()


def _test_2017(name: str) -> str:
    return f"args = {name}_test_case()\nprint({name}(*args))"


def _test_2021(name: str) -> str:
    return f"t_args = {name}_test_case()\n{name}_test({name})"


LAYOUTS: Mapping[str, Layout] = {
    "2017": Layout(
        "import numpy as np\nimport h5py\nimport matplotlib.pyplot as plt\nfrom testCases_v3 import *\n"
        "from dnn_utils_v2 import sigmoid, sigmoid_backward, relu, relu_backward\n\n"
        "%matplotlib inline\nplt.rcParams['figure.figsize'] = (5.0, 4.0) # set default size of plots\n\n"
        "%load_ext autoreload\n%autoreload 2\n\nnp.random.seed(1)",
        _test_2017,
        (("code", "!ls datasets\nplt.plot([1, 2, 3])\nplt.show()"),),
    ),
    "logistic-2017": Layout(
        "import numpy as np\nimport matplotlib.pyplot as plt\nimport h5py\nimport scipy\nfrom PIL import Image\n"
        "from scipy import ndimage\nfrom lr_utils import load_dataset\n\n%matplotlib inline",
        _test_2017,
        (("code", "d = model(train_set_x, train_set_y, test_set_x, test_set_y, num_iterations = 2000)"),),
    ),
    "logistic-2021": Layout(
        "import numpy as np\nimport copy\nimport matplotlib.pyplot as plt\nimport h5py\nimport scipy\n"
        "from PIL import Image\nfrom scipy import ndimage\nfrom lr_utils import load_dataset\n"
        "from public_tests import *\n\n%matplotlib inline\n%load_ext autoreload\n%autoreload 2",
        _test_2021,
    ),
    "regression": Layout(
        "import numpy as np\nimport matplotlib.pyplot as plt\nfrom testCases import *\n"
        "from dnn_utils import relu, relu_backward\n\n%matplotlib inline\nnp.random.seed(1)",
        _test_2021,
    ),
    "2021": Layout(
        "import numpy as np\nimport h5py\nimport matplotlib.pyplot as plt\nfrom testCases import *\n"
        "from dnn_utils import sigmoid, sigmoid_backward, relu, relu_backward\n"
        "from public_tests import *\n\nimport copy\n%matplotlib inline\n"
        "%load_ext autoreload\n%autoreload 2\n\nnp.random.seed(1)",
        _test_2021,
    ),
}

HEADINGS: Mapping[str, str] = {
    "initialize_parameters": "## 2-layer network\nCreate and initialize the parameters of a 2-layer network.",
    "initialize_parameters_deep": "## L-layer network\nInitialize the parameters of all layers.",
    "linear_forward": "## Linear part of the forward pass\n$$Z^{[l]} = W^{[l]}A^{[l-1]} + b^{[l]}$$",
    "linear_activation_forward": "## Linear step, then activation",
    "L_model_forward": "## The whole forward pass\n[LINEAR → RELU] × (L−1) → LINEAR → SIGMOID",
    "compute_cost": "## The cost\nThe cross-entropy cost $J$ is the mean of the losses of all examples.",
    "linear_backward": "## Linear part of the backward pass",
    "linear_activation_backward": "## Activation, then the linear step, backward",
    "L_model_backward": "## The whole backward pass",
    "update_parameters": "## One step of gradient descent",
    "initialize_with_zeros": "### 4.2 - Initializing parameters",
    "propagate": "### 4.3 - Forward and backward propagation",
    "optimize": "### 4.4 - Optimization",
    "predict": "### Predicting labels with the learned `w` and `b`",
    "sigmoid": "## Helper: sigmoid",
    "relu": "## Helper: relu",
    "sigmoid_backward": "## Helper: backward through sigmoid",
    "relu_backward": "## Helper: backward through relu",
}


def notebook_cells(functions: Mapping[str, str], layout: str, title: str = "") -> list[tuple[str, str]]:
    """Cells of a whole notebook: (kind, source) each. `functions` maps a name to its cell's source."""
    made = LAYOUTS[layout]
    heading = title or "Building your Deep Neural Network: Step by Step"
    cells = [("markdown", f"# {heading}"), ("code", made.imports)]
    for name, source in functions.items():
        cells.append(("markdown", HEADINGS.get(name, f"## {name}")))
        cells.append(("code", f"# GRADED FUNCTION: {name}\n\n{source.strip()}"))
        cells.append(("code", made.test(name)))
    return [*cells, *made.ending]


def nbformat4(cells: Cells) -> str:
    """The notebook as Jupyter saves it today."""
    document = {
        "cells": [_cell4(kind, source) for kind, source in cells],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": "3.7.6"},
        },
        "nbformat": 4,
        "nbformat_minor": 2,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _cell4(kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def nbformat3(cells: Cells) -> str:
    """The notebook as IPython 2 saved it: worksheets, and `input` in place of `source`."""
    worksheet = [
        {"cell_type": kind, "metadata": {}, "source": source}
        if kind == "markdown"
        else {
            "cell_type": kind,
            "metadata": {},
            "language": "python",
            "collapsed": False,
            "input": source,
            "outputs": [],
        }
        for kind, source in cells
    ]
    document = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": worksheet, "metadata": {}}],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
