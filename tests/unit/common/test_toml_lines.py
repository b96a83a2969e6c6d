"""The locator finds each key that tomllib finds, on the line where it is written."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.toml_lines import Path, locate


def test_each_way_to_write_a_key_is_found() -> None:
    text = (
        "# a comment = 1\n"
        "a = 1 # tail\n"
        '[x."y.z"]\r\n'
        'b . c = "# no comment"\n'
        "d = [1,\n"
        "  2, # two\n"
        '  {e = 1, f.g = """\n'
        'quote""""" },\n'
        "]\n"
        "[[s.t]]\n"
        "k = 1979-05-27 07:32:00 # x\n"
        "[[s.t]]\n"
        "[s.t.u]\n"
        "v = '''\n'''\n"
        '"q\\"uoted" = """a\\"""b"""\n'
    )
    lines = {path: place.line for path, place in locate(text).items()}
    assert lines == {
        ("a",): 2,
        ("x",): 3,
        ("x", "y.z"): 3,
        ("x", "y.z", "b"): 4,
        ("x", "y.z", "b", "c"): 4,
        ("x", "y.z", "d"): 5,
        ("x", "y.z", "d", 0): 5,
        ("x", "y.z", "d", 1): 6,
        ("x", "y.z", "d", 2): 7,
        ("x", "y.z", "d", 2, "e"): 7,
        ("x", "y.z", "d", 2, "f"): 7,
        ("x", "y.z", "d", 2, "f", "g"): 7,
        ("s",): 10,
        ("s", "t"): 10,
        ("s", "t", 0): 10,
        ("s", "t", 0, "k"): 11,
        ("s", "t", 1): 12,
        ("s", "t", 1, "u"): 13,
        ("s", "t", 1, "u", "v"): 14,
        ("s", "t", 1, "u", 'q"uoted'): 16,
    }


def test_the_value_is_kept_as_written() -> None:
    places = locate("a = 0x1F # n\nb = { c = 1_0 }\n[t]\n")
    assert places["a",].text == "0x1F"
    assert places["b",].text == "{ c = 1_0 }"
    assert places["b", "c"].text == "1_0"
    assert places["t",].text == ""


_KEYS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=5)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(-9, 9) | st.booleans() | _KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


class Writer:
    """Writes TOML and remembers the line of each key, as the oracle."""

    def __init__(self, gaps: list[int]) -> None:
        self.lines = [""]
        self.where: dict[Path, int] = {}
        self.gaps = gaps

    def gap(self, *, newline: bool) -> None:
        size = self.gaps.pop() if self.gaps else 0
        self.lines[-1] += " " * size
        if newline and size == 2:
            self.lines[-1] += '# ] } = "'
            self.lines.append("\t")

    def put(self, text: str) -> None:
        self.lines[-1] += text

    def value(self, path: Path, value: Any, *, inline: bool) -> None:
        if isinstance(value, dict):
            self.put("{")
            for index, (key, each) in enumerate(value.items()):
                self.put(", " if index else "")
                self.pair((*path, key), each, inline=True)
            self.put("}")
        elif isinstance(value, list):
            self.put("[")
            for index, each in enumerate(value):
                self.gap(newline=not inline)
                self.where[*path, index] = len(self.lines)
                self.value((*path, index), each, inline=inline)
                self.put(",")
            self.put("]")
        else:
            self.put(json.dumps(value))

    def pair(self, path: Path, value: Any, *, inline: bool) -> None:
        self.where[path] = len(self.lines)
        self.put(json.dumps(path[-1]))
        self.gap(newline=False)
        self.put("=")
        self.value(path, value, inline=inline)

    def document(self, tables: dict[str, dict[str, Any]]) -> str:
        for name, table in tables.items():
            self.where[name,] = len(self.lines)
            self.put(f"[{json.dumps(name)}]")
            self.lines.append("")
            for key, value in table.items():
                self.gap(newline=True)
                self.pair((name, key), value, inline=False)
                self.lines.append("")
        return "\n".join(self.lines)


@given(
    st.dictionaries(_KEYS, st.dictionaries(_KEYS, _VALUES, max_size=4), max_size=3),
    st.lists(st.integers(0, 2), max_size=20),
)
def test_every_key_is_on_the_line_where_it_was_written(
    tables: dict[str, dict[str, Any]],
    gaps: list[int],
) -> None:
    writer = Writer(gaps)
    text = writer.document(tables)
    assert tomllib.loads(text) == tables
    assert {path: place.line for path, place in locate(text).items()} == writer.where


def paths(value: Any, path: Path = ()) -> set[Path]:
    """Return the path of every key and element."""
    if isinstance(value, dict):
        inner = [((*path, key), each) for key, each in value.items()]
    elif isinstance(value, list):
        inner = [((*path, index), each) for index, each in enumerate(value)]
    else:
        return set()
    return {each for each, _ in inner}.union(*(paths(each, at) for at, each in inner))


_PIECES = st.sampled_from(
    ["a.b = 1", "c = [1, [2], {d = 3}]", "[t]", "[t.u]", "[[v]]", "[[v.w]]", "[v.x]", "e = '#'", "",
     'f = """\n[no]\n"""', "g = [\n1,\n# ]\n]", "# [no]"],
)  # fmt: skip


@given(st.lists(_PIECES, max_size=8).map("\n".join))
def test_what_tomllib_accepts_is_located_completely(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = locate(text)
    assert set(found) == paths(data)
    assert all(1 <= place.line <= text.count("\n") + 1 for place in found.values())


@pytest.mark.parametrize("text", ["", "\n", "# only", "a = 1"])
def test_short_texts_are_located(text: str) -> None:
    assert set(locate(text)) == paths(tomllib.loads(text))
