"""What the pages of sessions and backtests are built of: the document, sections, tiles, legend, filter, remarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.markup import Markup, join, tag

PACKAGE = "liualgotrader.analytics.report"
"""Where the style and the script are that all pages share."""


def document(title: str, main: Markup, packages: Sequence[str]) -> str:
    """Return a page that needs nothing else, with each package's style.css and script.js in it."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        # What the page may do: nothing but show itself. Holds even if an escape were forgotten.
        tag(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
        ),
        tag("title", title),
        tag("style", *(_resource(package, "style.css") for package in packages)),
    )
    scripts = [tag("script", _resource(package, "script.js")) for package in packages]
    body = tag("body", main, join(*scripts))
    return "<!DOCTYPE html>\n" + tag("html", head, body, lang="en")


@lru_cache(maxsize=4)
def _resource(package: str, name: str) -> Markup:
    """Part of the code that happens to be kept in a file of its own language."""
    return Markup(files(package).joinpath(name).read_text(encoding="utf-8"))


def section(title: str, *content: Markup | None) -> Markup:
    """Return a part of the page under its heading."""
    return tag("section", tag("h2", title), *content)


def note(text: str) -> Markup:
    """Return a paragraph in place of what there is none of."""
    return tag("p", text, class_="note")


def tile(name: str, value: str, made_of: str, kind: str = "") -> Markup:
    """Return a key figure with what it is made of."""
    return tag(
        "div",
        tag("dt", name),
        tag("dd", value, class_=f"value {kind}".rstrip()),
        tag("dd", made_of, class_="muted"),
    )


def legend() -> Markup:
    """Return what the marks of fills mean."""
    return tag(
        "p",
        _swatch("buy entry", "M6,1L12,12L0,12Z"),
        "bought ",
        _swatch("sell entry", "M6,12L12,1L0,1Z"),
        "sold ",
        tag("span", "filled: into a position, hollow: out of it", class_="muted"),
        class_="legend",
    )


def _swatch(kind: str, path: str) -> Markup:
    shape = tag("path", d=path)
    return join(
        tag("svg", shape, width=13, height=13, class_=f"mark {kind}", aria_hidden="true"), " "
    )


def strategy_filter(numbers: Mapping[str, int]) -> Markup | None:
    """Return buttons that show one strategy's symbols and trades; None where there are not several."""
    if len(numbers) < 2:
        return None
    buttons = [tag("button", "All", type="button", data_filter="", aria_pressed="true")]
    buttons += [
        tag("button", name, type="button", data_filter=number, aria_pressed="false")
        for name, number in numbers.items()
    ]
    return tag("div", *buttons, class_="filter", role="group", aria_label="Strategy")


def remarks(parts: Iterable[Markup | None]) -> Markup | None:
    """Return the remarks that there are, one behind the other."""
    known = [part for part in parts if part is not None]
    return join(*known) if known else None


def remark(word: str, *texts: str) -> Markup | None:
    """Return what is to be said under a word, None for nothing."""
    known = [figures.shortened(text) for text in texts if text]
    if not known:
        return None
    return tag("span", tag("b", word), " ", " · ".join(known), class_="noted")
