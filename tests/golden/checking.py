"""Cases against their expectations, and the expectations written anew."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.golden.case import Case, case_names, expected_path, read_case
from tests.golden.rendering import DISAGREE, render
from tests.golden.running import run_case


def broken(case: Case, found: str) -> list[str]:
    """Return what was worked out by hand and is not in the text that a case gives."""
    lines = found.splitlines()
    begin = lines.index("[fills]") + 1 if "[fills]" in lines else len(lines)
    fills = lines[begin : lines.index("", begin)] if begin < len(lines) else []
    wrong = [line for line in difflib.ndiff(case.fills, fills) if line.startswith(("-", "+"))]
    if f"[{DISAGREE}]" in lines:
        wrong.append(f"+ {DISAGREE}")
    return wrong + [f"- {piece}" for piece in case.must if not any(piece in line for line in lines)]


def difference(name: str, folder: Path) -> tuple[str, str, list[str]]:
    """Return what a case gives, its unified diff from what is expected, and what is broken by it."""
    case, path = read_case(name), expected_path(name)
    found = render(case, run_case(case, folder))
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        expected.splitlines(keepends=True),
        found.splitlines(keepends=True),
        f"expected/{name}.txt",
        f"found/{name}.txt",
    )
    return found, "".join(lines), broken(case, found)


def main(arguments: Sequence[str]) -> int:
    """Compare the cases named, or all, and say how they differ; with --update take what was found."""
    update = "--update" in arguments
    names = [each for each in arguments if each != "--update"] or case_names()
    if unknown := sorted(set(names) - set(case_names())):
        print(
            f"there is no case {', '.join(unknown)}; tests/golden/cases has them", file=sys.stderr
        )
        return 2
    differ = [name for name in names if _differs(name, update=update)]
    print(f"{len(names)} cases, {len(differ)} differ")
    return int(bool(differ))


def _differs(name: str, *, update: bool) -> bool:
    """Say how a case differs; when told to, and nothing worked out by hand forbids it, write it down."""
    with TemporaryDirectory() as folder:
        found, diff, wrong = difference(name, Path(folder))
    print(diff, end="")
    for line in wrong:
        print(f"{name}: worked out by hand: {line}")
    disputed = read_case(name).disputed
    if disputed:
        print(f"{name} is disputed: {disputed}")
    if update and diff and not (wrong or disputed):
        expected_path(name).write_text(found, encoding="utf-8")
    return bool(diff or wrong or disputed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
