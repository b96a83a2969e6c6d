"""Sets of days as ranges of their ordinals, both ends included, disjoint, apart and in order."""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[int, int]


def with_range(ranges: Iterable[Range], added: Range) -> list[Range]:
    """Return the days of both."""
    first, last = added
    apart = []
    for begin, end in ranges:
        if end + 1 < first or last + 1 < begin:
            apart.append((begin, end))
        else:
            first, last = min(first, begin), max(last, end)
    return sorted([*apart, (first, last)])


def without_range(ranges: Iterable[Range], taken: Range) -> list[Range]:
    """Return the days that are not in `taken`."""
    first, last = taken
    left = []
    for begin, end in ranges:
        left += [(begin, min(end, first - 1)), (max(begin, last + 1), end)]
    return sorted({(begin, end) for begin, end in left if begin <= end})


def missing(ranges: Iterable[Range], wanted: Range) -> list[Range]:
    """Return the days of `wanted` that are in none of the ranges."""
    left = [wanted] if wanted[0] <= wanted[1] else []
    for each in ranges:
        left = without_range(left, each)
    return left
