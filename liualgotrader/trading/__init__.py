"""Orders out: brokers, by vendor, and what stands in for them in memory."""
