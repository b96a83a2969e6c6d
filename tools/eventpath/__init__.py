"""What the benchmarks of the event path share: a generator of market data, and a session without a database."""
