"""What trials amount to: scores by file and group, with what a sample leaves open; the survivors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

import msgspec

from tools.mutation.mutants import Mutant

_Z = 1.96


class Score(msgspec.Struct):
    """How many mutants were killed of those that were tried, and how many there are."""

    killed: int = 0
    tried: int = 0
    known: int = 0

    @property
    def share(self) -> float:
        """The part that was killed, 0 to 1; 1 where there was nothing to kill."""
        return self.killed / self.tried if self.tried else 1.0

    def interval(self) -> tuple[float, float]:
        """Return where the share of all lies, 95 times in 100.

        Wilson's interval (JASA 22, 1927), narrowed for a sample that is a good part of the whole.
        """
        if self.tried == 0:
            return 0.0, 1.0
        rest = (self.known - self.tried) / max(self.known - 1, 1)
        z2 = _Z * _Z * rest
        p, n = self.share, self.tried
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        width = sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
        return max(middle - width, 0.0), min(middle + width, 1.0)

    def words(self) -> str:
        """Return it as one reads it."""
        text = f"{self.share:7.1%}  {self.killed}/{self.tried}"
        if self.tried == self.known:
            return text
        low, high = self.interval()
        return f"{text} of {self.known}, 95 %: {low:.1%} to {high:.1%}"


def scores(
    mutants: Sequence[Mutant],
    killers: Mapping[int, str | None],
    groups: Mapping[str, Iterable[str]],
) -> dict[str, Score]:
    """Return the scores by file, then by group. `killers` holds the trials by number."""
    found: dict[str, Score] = defaultdict(Score)
    group_of = {path: group for group, paths in groups.items() for path in paths}
    for index, mutant in enumerate(mutants):
        for name in (mutant.path, f"= {group_of[mutant.path]}"):
            found[name].known += 1
            if index in killers:
                found[name].tried += 1
                found[name].killed += killers[index] is not None
    return dict(sorted(found.items(), key=lambda pair: (pair[0].startswith("="), pair[0])))


def survivors(
    mutants: Sequence[Mutant],
    killers: Mapping[int, str | None],
    sources: Mapping[str, bytes],
) -> list[str]:
    """Return what no test noticed: place, kind and the lines before and after."""
    return [
        f"{mutant.path}:{mutant.line}: {mutant.kind}\n" + mutant.diff(sources[mutant.path])
        for index, mutant in enumerate(mutants)
        if index in killers and killers[index] is None
    ]
