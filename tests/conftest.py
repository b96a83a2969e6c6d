"""Fixtures for every test."""

from tests.postgres import database, empty_database, migrated_template, postgres_server

__all__ = ["database", "empty_database", "migrated_template", "postgres_server"]
