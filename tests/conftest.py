"""Fixtures for every test."""

from hypothesis import settings

from tests.postgres import database, empty_database, migrated_template, postgres_server

__all__ = ["database", "empty_database", "migrated_template", "postgres_server"]

# A machine under load is no reason for a test to fail: none has a deadline but the suite's own.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
