"""What both pages share: templates, styles, and a policy that lets the browser load nothing and run only our script.

Every string that a template puts out is cleaned (`escape.clean`) and escaped (autoescape); the only markup
that passes is what `markupsafe.Markup` marks, which the filters here and our own style and script are.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from grader.render import escape, words
from grader.render.read_on import explain_hint


def render(
    template: str, *, styles: tuple[str, ...], scripts: tuple[str, ...] = (), **values: object
) -> bytes:
    """The page as UTF-8. `styles` and `scripts` name files beside the template, joined in order."""
    style, script = _joined(styles), _joined(scripts)
    values.setdefault("csp", policy(style, script))
    page = _environment().get_template(template)
    text = page.render(style=Markup(style), script=Markup(script), words=words, **values)
    return text.encode("utf-8", "replace")


def policy(style: str, script: str = "") -> str:
    """A Content-Security-Policy that allows exactly this style and this script, and no request."""
    sources = [f"style-src {_hash(style)}", *([f"script-src {_hash(script)}"] if script else [])]
    return "; ".join(
        ["default-src 'none'", *sources, "img-src data:", "base-uri 'none'", "form-action 'none'"]
    )


def foreign_policy() -> str:
    """For a page with markup that is not ours: no script at all and no request, but any style."""
    return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def fragment(template: str, macro: str, *args: object) -> Markup:
    """What a macro of a template gives."""
    return Markup(getattr(_environment().get_template(template).module, macro)(*args))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _joined(names: tuple[str, ...]) -> str:
    return "".join(map(_asset, names))


@functools.cache
def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text("utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("grader.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["explain_hint"] = explain_hint
    environment.filters.update(prose=prose, name=name, line=escape.one_line, number=words.number)
    return environment


def _clean(value: object) -> object:
    """What every expression of a template passes before it is escaped."""
    return escape.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def prose(text: str) -> Markup:
    """Our sentences with `code` as <code>, everything else escaped."""
    return Markup(escape.html_prose(escape.one_line(text)))


def name(text: str) -> Markup:
    """An identifier, cut to 60 characters, that may break after an underscore."""
    return Markup(escape.html(escape.one_line(text, 60)).replace("_", "_<wbr>"))
