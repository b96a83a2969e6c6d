"""Persistence on PostgreSQL: the embedded server, connections, migrations, tables."""
