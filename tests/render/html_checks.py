"""What every page must keep to."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "link", "input", "br", "hr", "col", "wbr"}
#: Attributes that make a browser fetch something, run something, or style past the policy.
REQUESTS = {
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "ping",
    "style",
    "xlink:href",
}


class Page(HTMLParser):
    """The page's tags, attributes and texts; AssertionError for tags that do not match."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.read: list[str] = []
        self.feed(page.decode())
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        tag = self.open[-1] if self.open else ""
        self.texts.setdefault(tag, []).append(data)
        if tag not in {"style", "script"}:
            self.read.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        """What a person reads, in order, without runs of spaces."""
        return " ".join("".join(self.read).split())


def check(page: bytes) -> Page:
    """The parsed page, after asserting what holds for every page of ours."""
    read = Page(page)
    _no_request(read, page)
    _policy_fits(read)
    _accessible(read)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.decode())
    return read


def _no_request(read: Page, page: bytes) -> None:
    for tag, attributes in read.tags:
        assert tag not in {"img", "iframe", "object", "embed", "base", "form", "audio", "video"}, tag
        assert not REQUESTS & set(attributes), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    for link in read.all("link"):
        assert link["href"] == "data:,"
    for link in read.all("a"):
        assert link["href"].startswith(("#", "./")), link
    styles = "".join(read.texts.get("style", []))
    assert "@import" not in styles and "url(" not in styles
    assert not re.search(rb"(src|href)\s*=\s*[\"']?\s*(https?:|//)", page)


def _policy_fits(read: Page) -> None:
    (policy,) = [item["content"] for item in read.all("meta") if "http-equiv" in item]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    (style,) = read.texts["style"]
    assert digest(style) in policy
    scripts = [
        attributes for attributes in read.all("script") if attributes.get("type") != "application/json"
    ]
    for text in read.texts.get("script", [])[-len(scripts) :] if scripts else []:
        assert digest(text) in policy


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _accessible(read: Page) -> None:
    assert read.all("html") == [{"lang": "en"}]
    assert len(read.all("h1")) == 1 and len(read.all("main")) == 1 and read.texts["title"][0].strip()
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.tags:
        for name in ("aria-labelledby", "aria-describedby", "for", "aria-controls"):
            assert set(attributes.get(name, "").split()) <= set(ids), (name, attributes)
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
