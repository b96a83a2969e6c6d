"""Structs whose fields are set once.

`frozen=True` is inherited, so a struct that derives from this one is frozen even in a module that mypyc compiled, which
does not hand on what stands beside the base of a class. It stands there all the same, for the type checker.
"""

import msgspec


class Frozen(msgspec.Struct, frozen=True):
    """The base of frozen structs in modules that may be compiled (tools/compile)."""
