"""Whether the modules that were compiled (tools/compile) still are what their sources say.

Python takes a compiled module wherever one lies beside its source, and would go on taking it when the source has
changed.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

STAMP = "compiled.json"
"""In the package's folder: of every compiled module the digest of the source that it was made of."""


def digest(source: Path) -> str:
    """Return what tells one version of a source from another."""
    return sha256(source.read_bytes()).hexdigest()


def check(package: Path) -> None:
    """Raise ImportError when a source in a package's folder is no longer what was compiled."""
    made_of = json.loads((package / STAMP).read_text())
    changed = [
        name
        for name, known in made_of.items()
        if not (package / name).exists() or digest(package / name) != known
    ]
    if changed:
        raise ImportError(
            f"changed since it was compiled: {', '.join(changed)}\n"
            "  next: run tools/compile again, or tools/compile --undo to go back to plain Python"
        )
