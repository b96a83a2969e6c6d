"""What is written for people is held to what there is: examples, keys of the plan, links, code."""

from __future__ import annotations

import ast
import datetime as dt
import re
import tomllib
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from liualgotrader.common import plan, plan_checks
from liualgotrader.scripts.session import JSON_KEYS

ROOT = Path(__file__).parents[3]
FOLDERS = (ROOT / "docs", ROOT / "design")
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *(page for folder in FOLDERS for page in sorted(folder.rglob("*.md"))),
]
# What opens a code block with a language, and all up to the fence that closes it.
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_ROW = re.compile(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|", re.MULTILINE)

TABLES: dict[str, type[msgspec.Struct]] = {
    "Top level": plan.Plan,
    "[session]": plan.SessionPlan,
    "[session.keep_journals]": plan.Retention,
    "[scanners.NAME]": plan.ScannerPlan,
    "[strategies.NAME]": plan.StrategyPlan,
    "[[strategies.NAME.schedule]]": plan.Window,
    "[limits]": plan.Limits,
    "[fees]": plan.Fees,
    "[slippage]": plan.Slippage,
    "[rules]": plan.Rules,
}
SIZES = {"min_free_disk", "size"}
# Parts that no file has: what is read from the database when a run begins.
FOUND = {plan.SlippageCost}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(found[2], id=f"{named(page)}-{number}")
        for page in PAGES
        for number, found in enumerate(_BLOCK.finditer(page.read_text()), 1)
        if found[1] == language
    ]


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^##+ (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def code_lines(source: str) -> int:
    """Lines that are neither blank nor comment nor docstring."""
    tree = ast.parse(source)
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), 1)
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in docstrings
        for number, line in lines
    )


def test_readme_shows_the_example_strategy_as_it_is_and_it_is_short() -> None:
    example = (ROOT / "examples" / "sma_cross" / "sma_cross.py").read_text()
    shown = [found[2] for found in _BLOCK.finditer((ROOT / "README.md").read_text())]
    assert example in shown
    assert code_lines(example) <= 13


def test_readme_names_every_key_of_the_json_summary_and_every_page() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [key for key in JSON_KEYS if f"`{key}`" not in readme] == []
    assert [p.name for p in (ROOT / "docs").glob("*.md") if f"docs/{p.name}" not in readme] == []


def test_the_picture_of_the_report_is_small() -> None:
    assert (ROOT / "docs" / "images" / "report.png").stat().st_size <= 250_000


@pytest.mark.parametrize("section", TABLES)
def test_every_field_of_the_plan_is_documented(section: str) -> None:
    text = sections((ROOT / "docs" / "tradeplan.md").read_text())[section]
    fields = TABLES[section].__struct_fields__
    assert [field for field in fields if not re.search(rf"`{field}\b", text)] == []


@pytest.mark.parametrize("section", TABLES)
def test_documented_keys_exist_and_have_their_defaults(section: str) -> None:
    text = sections((ROOT / "docs" / "tradeplan.md").read_text())[section]
    fields = {field.name: field for field in msgspec.structs.fields(TABLES[section])}
    for key, shown in _ROW.findall(text):
        assert key in fields
        required = fields[key].default is msgspec.NODEFAULT
        # Where a class is follows from the table's name, so the file need not say it.
        if required:
            assert shown in ("must be given", "-")
        else:
            assert read(key, shown) == plain(fields[key].default), key


def read(key: str, shown: str) -> object:
    if shown == "-":
        return None
    value = tomllib.loads(f"x = {shown}")["x"]
    return plan_checks.size(value) if key in SIZES else plain(value)


def plain(value: object) -> object:
    """Make a default of the plan and a value of TOML comparable."""
    if isinstance(value, bool | dt.date):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def test_all_structs_of_the_plan_are_among_those_that_are_checked() -> None:
    parts = {
        found
        for found in vars(plan).values()
        if isinstance(found, type) and issubclass(found, msgspec.Struct)
    }
    assert {found for found in parts if found.__struct_fields__} == FOUND | set(TABLES.values())


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_within_the_project_resolve(page: Path) -> None:
    targets = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    files = [target.partition("#")[0] for target in targets if not target.startswith("#")]
    assert [file for file in files if not (page.parent / file).exists()] == []
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in page.read_text().splitlines()
        if line.startswith("#")
    }
    assert [t for t in targets if t.startswith("#") and t[1:] not in headings] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_path_of_somebody_s_machine_is_named(page: Path) -> None:
    found = re.findall(r"(?<![\w~.])/(?:work|home|root|Users|tmp)/[\w./-]*", page.read_text())
    assert found == []


@pytest.mark.parametrize("source", blocks("python"))
def test_python_in_the_pages_parses(source: str) -> None:
    assert ast.parse(source).body


@pytest.mark.parametrize("source", blocks("toml"))
def test_toml_in_the_pages_parses(source: str) -> None:
    assert tomllib.loads(source)


def test_every_table_of_the_database_is_named() -> None:
    folder = ROOT / "liualgotrader" / "models" / "migrations"
    sql = "\n".join(file.read_text() for file in sorted(folder.glob("*.sql")))
    tables = re.findall(r"^CREATE TABLE (\w+)", sql, re.MULTILINE)
    page = (ROOT / "docs" / "tables.md").read_text()
    assert tables and [table for table in tables if f"`{table}`" not in page] == []
