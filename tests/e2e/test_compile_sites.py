"""What a compiled place remembers of its last look-up is forgotten when it holds no more (tools/compile_sites.h)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tools.compile_engine import ROOT, compiler

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(shutil.which(compiler()) is None, reason=f"there is no {compiler()}"),
]

# One place each: what is read there first is remembered there.
PLACES = """
    from typing import Any

    NAME: Any = "first"


    def field(owner: Any) -> Any:
        return owner.field


    def by_name(owner: Any, name: str) -> Any:
        return getattr(owner, name)


    def call(owner: Any, value: Any) -> Any:
        return owner.method(value)


    def name() -> Any:
        return NAME


    def rename(value: Any) -> None:
        global NAME
        NAME = value
"""

# Says what happens, one line a case: plain and compiled have to say the same.
CASES = """
    import decimal, gc, sys
    import msgspec
    import places

    print("compiled" if places.__file__.endswith((".so", ".pyd")) else "plain", file=sys.stderr)


    def say(case, do, *args):
        for _ in range(3):
            try:
                print(case, do(*args))
            except (KeyError, NameError):  # mypyc says KeyError of a name that is not there
                print(case, "no such name")
            except Exception as exc:
                print(case, type(exc).__name__, exc)


    class Struct(msgspec.Struct):
        other: object
        field: object

    class Frozen(msgspec.Struct, frozen=True):
        field: object

    class Slots:
        __slots__ = ("field", "other")
        def method(self, value):
            return "slots", value

    class Sub(Slots):
        __slots__ = ("third",)

    class Dict:
        def __init__(self):
            self.field = "of the dict"
        def method(self, value):
            return "dict", value

    class Asked:
        __slots__ = ("field",)
        def method(self, value):
            return "not asked"
        def __getattribute__(self, name):
            questions.append(name)
            return lambda value: (value, len(questions))

    class Static:
        __slots__ = ()
        field = "of the class"
        @staticmethod
        def method(value):
            return "static", value

    class Klass:
        __slots__ = ()
        field = property(lambda self: "a property")
        @classmethod
        def method(cls, value):
            return cls.__name__, value

    class Number(complex):
        __slots__ = ()
        field = complex.__dict__["real"]  # a slot that holds no object

    questions = []
    asked = Asked()
    object.__setattr__(asked, "field", "not asked")
    slots, sub = Slots(), Sub()
    for owner in (slots, sub):
        say("unset", places.field, owner)
        owner.field, owner.other = "set", "other"
        say("set", places.field, owner)
    owners = [Struct(1, 2), Frozen(3), slots, sub, Dict(), asked, Number(2.5), Static(), Klass(), None, 5]
    for turn in range(3):
        for owner in owners:
            say("field", lambda: str(places.field(owner)).split(" at ")[0])
            say("method", places.call, owner, turn)
    for owner in (Struct(4, 5), Struct(6, 7)):
        say("two of a kind", places.field, owner)
    for name in ("field", "other", "field", "_other"[1:], "nothing"):
        say(name, places.by_name, Struct(10, 11), name)
    del slots.field
    say("deleted", places.field, slots)

    say("before", places.field, sub)
    Sub.field = property(lambda self: "hides the slot")
    say("hidden in the class", places.field, sub)
    del Sub.field
    say("shown again", places.field, sub)
    kept = Slots.field
    Slots.field = "in the base"
    say("hidden in the base", places.field, sub)
    del Slots.field
    say("gone", places.field, sub)
    Slots.other = kept
    Struct.field = kept
    say("a slot of another class", places.field, Struct(8, 9))

    say("before", places.call, sub, 1)
    Slots.method = lambda self, value: ("replaced", value)
    say("replaced in the base", places.call, sub, 1)

    def once(self, value):
        del Slots.method
        gc.collect()
        return "deleted itself", value

    Slots.method = once
    del once
    say("deletes itself", places.call, sub, 1)
    owner = Dict()
    say("before", places.call, owner, 1)
    owner.method = lambda value: ("of its own", value)
    say("of its own", places.call, owner, 1)
    say("decimal", places.call, decimal.Decimal(1), 1)
    Slots.method = print
    say("no method descriptor", places.call, sub, "only the value")

    say("name", places.name)
    for value in ("second", None, "third"):
        places.rename(value)
        say("renamed", places.name)
        places.NAME = [value]
        say("from outside", places.name)
    del places.NAME
    say("deleted", places.name)
    places.NAME = "back"
    say("back", places.name)
"""

COMPILE = f"""
    import sys, tempfile
    from pathlib import Path
    sys.path.insert(0, {str(ROOT)!r})
    from tools.compile_engine import compile_files
    with tempfile.TemporaryDirectory() as scratch:
        compile_files(["places.py", "more.py"], "grouped", Path(scratch))
"""


def python(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


def test_compiled_places_see_every_change(tmp_path: Path) -> None:
    (tmp_path / "places.py").write_text(textwrap.dedent(PLACES))
    (tmp_path / "more.py").write_text("MORE = 1\n")  # one module alone is written another way
    plain = python(tmp_path, CASES)
    assert plain.stderr.strip() == "plain"
    python(tmp_path, COMPILE)
    compiled = python(tmp_path, CASES)
    assert compiled.stderr.strip() == "compiled"
    assert compiled.stdout.splitlines() == plain.stdout.splitlines()
    assert len(plain.stdout.splitlines()) > 200
