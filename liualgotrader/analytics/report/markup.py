"""HTML that is escaped by construction: text becomes markup only through `tag`."""

from __future__ import annotations

from html import escape

VOID = frozenset({"br", "col", "hr", "meta"})

Attribute = str | int | float | bool | None


class Markup(str):
    """Text that is HTML already. Any other string is escaped before it gets into a page."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: Attribute) -> Markup:
    """Return an element. Children that are not Markup are escaped; None is left out.

    In attribute names a trailing underscore is dropped (`class_`) and the others become hyphens.
    None and False leave an attribute out, True writes its name alone.
    """
    opening = f"<{name}{_attributes(attributes)}>"
    if name in VOID:
        return Markup(opening)
    return Markup(f"{opening}{join(*children)}</{name}>")


def join(*children: str | None, by: str = "") -> Markup:
    """Return children side by side, escaped where they are not Markup."""
    return Markup(by.join(_safe(child) for child in children if child is not None))


def _safe(text: str) -> str:
    return text if isinstance(text, Markup) else escape(printable(text))


def printable(text: str) -> str:
    """Return text without the characters that HTML forbids, which a browser might trip over."""
    return "".join(
        char if char in "\n\t" or (char >= " " and not "\x7f" <= char <= "\x9f") else "�"
        for char in text
        if not "\ud800" <= char <= "\udfff"
    )


def _attributes(attributes: dict[str, Attribute]) -> str:
    parts = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = key.rstrip("_").replace("_", "-")
        parts.append(f" {name}" if value is True else f' {name}="{escape(printable(str(value)))}"')
    return "".join(parts)
