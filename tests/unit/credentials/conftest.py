"""Keyrings of tests: never the developer's own."""

from collections.abc import Iterator

import pytest

from tests.unit.credentials.keyrings import MemoryKeyring, keyring_of_a_test


@pytest.fixture(autouse=True)
def ring() -> Iterator[MemoryKeyring]:
    """Return an empty keyring, which the library uses."""
    made = MemoryKeyring()
    with keyring_of_a_test(made):
        yield made
