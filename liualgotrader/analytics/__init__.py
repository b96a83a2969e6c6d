"""What a session came to: trades, equity, statistics and the report, from the rows that it left."""
