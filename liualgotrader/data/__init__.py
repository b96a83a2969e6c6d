"""Market data in: streams and history, by vendor. Payloads are parsed once, here, and tolerantly."""
