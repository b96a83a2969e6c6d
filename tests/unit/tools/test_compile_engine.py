"""What may be compiled, and what compiling leaves behind. That it changes nothing else: tests/e2e/test_compiled.py."""

import ast
from pathlib import Path

import pytest

from liualgotrader.common.compiled import STAMP
from tools.compile_engine import (
    MODULES,
    PACKAGE,
    ROOT,
    Refused,
    copy,
    main,
    said_only_on_failure,
    undo,
    with_memory,
)


def source(module: str) -> ast.Module:
    """Return a module's source, parsed."""
    return ast.parse((ROOT / PACKAGE / f"{module}.py").read_text())


@pytest.mark.parametrize("module", MODULES)
def test_no_class_relies_on_words_that_compiling_drops(module: str) -> None:
    """What stands beside a class's base is dropped: `frozen` is inherited, anything else would be lost."""
    for node in ast.walk(source(module)):
        if isinstance(node, ast.ClassDef) and node.keywords:
            words = {word.arg for word in node.keywords}
            bases = [ast.unparse(base) for base in node.bases]
            assert (words, bases) == ({"frozen"}, ["Frozen"]), f"{module}: {node.name}"


def test_reads_of_a_modules_names_remember_and_other_reads_do_not() -> None:
    written = """#include <init.c>
#include "__native.h"
    cpy_r_r1 = CPyStatic_core___globals;
    cpy_r_r2 = CPyStatics[17]; /* 'ZERO' */
    cpy_r_r3 = CPyDict_GetItem(cpy_r_r1, cpy_r_r2);
    cpy_r_r4 = CPyDict_GetItem(cpy_r_orders, cpy_r_r2);
    cpy_r_r5 = CPyStatic_core___globals;
    cpy_r_r6 = CPyDict_GetItem(cpy_r_r5, cpy_r_name);
"""
    lines = with_memory(written).splitlines()
    assert lines[2] == f'#include "{ROOT / "tools" / "compile_sites.h"}"'
    assert lines[5] == "    cpy_r_r3 = LIU_GLOBAL(cpy_r_r1, cpy_r_r2);"
    assert [*lines[:2], *lines[3:5], *lines[6:]] == [
        line for line in written.splitlines() if "cpy_r_r3" not in line
    ]


def test_remarks_are_shown_only_with_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with said_only_on_failure():
        print("a remark")
    assert capsys.readouterr() == ("", "")
    with pytest.raises(SystemExit), said_only_on_failure():
        print("a mistake")
        raise SystemExit(1)
    assert capsys.readouterr() == ("", "a mistake\n")


def test_modules_are_named_once_and_in_order() -> None:
    assert list(MODULES) == sorted(set(MODULES))


def test_a_copy_has_sources_alone_and_undoing_leaves_them(tmp_path: Path) -> None:
    copy(tmp_path)
    package = tmp_path / PACKAGE
    sources = {each for each in package.rglob("*") if each.is_file()}
    assert package / "engine" / "core.py" in sources
    assert not [each for each in sources if each.suffix in (".so", ".pyc") or each.name == STAMP]
    (package / "engine" / "core.cpython-311-x86_64-linux-gnu.so").touch()
    (package / STAMP).write_text("{}")
    assert undo(tmp_path) == 2
    assert {each for each in package.rglob("*") if each.is_file()} == sources


def test_a_package_that_is_no_copy_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "mine.py").touch()
    with pytest.raises(Refused, match="name another folder"):
        copy(tmp_path)
    with pytest.raises(Refused, match="name another folder"):
        copy(ROOT)
    assert (tmp_path / PACKAGE / "mine.py").exists()
    (tmp_path / PACKAGE / STAMP).write_text("{}")
    copy(tmp_path)
    assert not (tmp_path / PACKAGE / "mine.py").exists()


def test_without_a_compiler_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    assert main([]) == 1
    said = capsys.readouterr().err
    assert "no C compiler (no-such-compiler)" in said
    assert "apt-get install gcc" in said
