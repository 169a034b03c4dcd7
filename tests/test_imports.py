"""The shape of the code: imports go one way, files and functions stay short, nothing is called utils."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "grader").rglob("*.py"))


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def lint(config: Path, cache: Path) -> int:
    pytest.importorskip("importlinter")
    from importlinter.cli import lint_imports

    return lint_imports(config_filename=str(config), cache_dir=str(cache))


def test_imports_keep_the_contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint(ROOT / ".importlinter", tmp_path) == 0, "run lint-imports: it shows which import is to go"


def test_an_import_the_other_way_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    upside_down = tmp_path / "importlinter"
    text = (ROOT / ".importlinter").read_text()
    upside_down.write_text(
        text.replace("    grader.files\n    grader.model\n", "    grader.model\n    (grader.render)\n")
    )
    assert lint(upside_down, tmp_path) == 1


def test_files_have_at_most_400_lines() -> None:
    long = [path for path in FILES if len(path.read_text().splitlines()) > 400]
    assert names(long) == []


def test_functions_are_short() -> None:
    lengths = [length for path in FILES for length in function_lengths(path.read_text())]
    assert median(lengths) <= 6
    assert sum(length > 30 for length in lengths) <= len(lengths) / 200
    assert max(lengths) <= 46


def test_no_file_is_called_utils() -> None:
    assert names([path for path in FILES if path.stem in {"util", "utils", "helpers", "misc"}]) == []


def function_lengths(source: str) -> Iterator[int]:
    """Lines from each function's `def` to its end, without its docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            words = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
            yield (node.end_lineno or node.lineno) - node.lineno + 1 - words


def test_lengths_are_counted_without_docstrings() -> None:
    assert list(function_lengths('def f():\n    """One\n    two."""\n    return 1\n')) == [2]
