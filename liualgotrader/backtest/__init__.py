"""A plan over a stretch of stored history: one session after the other, on the same engines as live."""
