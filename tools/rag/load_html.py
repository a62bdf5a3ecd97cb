"""Reads web pages: visible text under its headings; no scripts, no navigation, nothing fetched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from knowdo.knowledge.errors import InputError
from knowdo.tools.rag.sections import Section, section_name, tidy

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

# The parsed tree of a page that is all tags takes a hundred times its bytes.
MAX_HTML_BYTES = 5 << 20
_UNSEEN = "script, style, noscript, template, svg, math, iframe, object, head, [hidden]"
_ROUND_THE_TEXT = (
    "nav, aside, footer, [role=navigation], [role=complementary], [role=contentinfo],"
    " [role=search], .headerlink"
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tr",
        "ul",
    ]
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def read_html(path: Path) -> list[Section]:
    """One section a heading. Raises InputError when the page is too large."""
    from bs4 import BeautifulSoup

    data = path.read_bytes()
    if len(data) > MAX_HTML_BYTES:
        raise InputError(
            f"'{path.name}' has {len(data) / 1e6:.0f} MB, over the limit of"
            f" {MAX_HTML_BYTES / 1e6:.0f} MB for a web page. Split it or save its text."
        )
    page = BeautifulSoup(data, "lxml")
    title = tidy(page.title.get_text()) if page.title else ""
    return _sections(_content(page), title)


def _content(page: BeautifulSoup) -> Tag:
    """The part of the page that holds its text, without what nobody sees or reads."""
    for element in page.select(_UNSEEN):
        element.decompose()
    for element in page.select("[style]"):
        # Text that readers cannot see has no place in an answer; it may be an attack on a model.
        if not element.decomposed and re.search(
            r"display:none|visibility:hidden", str(element.get("style", "")).replace(" ", "")
        ):
            element.decompose()
    whole = page.body or page
    main = page.select_one("main, [role=main], article")
    if main and len(main.get_text()) > len(whole.get_text()) / 2:
        whole = main
    visible = len(whole.get_text(strip=True))
    around = whole.select(_ROUND_THE_TEXT)
    # A page that puts all its text into such an element keeps it.
    if sum(len(element.get_text(strip=True)) for element in around) < visible:
        for element in around:
            if not element.decomposed:
                element.decompose()
    return whole


def _sections(root: Tag, title: str) -> list[Section]:
    from bs4 import Comment, Tag
    from bs4.element import NavigableString

    found: list[Section] = []
    heading, parts = "", [""]

    def close() -> None:
        text = tidy("".join(parts))
        if text:
            path = " > ".join(dict.fromkeys(part for part in (title, heading) if part))
            found.append(Section(text, section_name(heading), path))

    for node in root.descendants:
        if isinstance(node, Tag):
            if node.name in _HEADINGS and tidy(node.get_text()):
                close()
                heading, parts = tidy(node.get_text(" ")).replace("\n", " "), []
            if node.name in _BLOCKS:
                parts.append("\n")
            if node.name in ("td", "th"):
                parts.append(" | ")
            if node.name == "p":
                parts.append("\n")
        elif isinstance(node, NavigableString) and not isinstance(node, Comment):
            in_code = node.find_parent("pre") is not None
            parts.append(str(node) if in_code else re.sub(r"\s+", " ", str(node)))
    close()
    return found
