"""Faults on demand: what goes wrong at real vendors, made to happen at a chosen moment, and counted.

A fault is a value (`kinds`), from a scenario file (`scenario`) or from `POST /box/faults` (`api`). `board` knows which
are on, and how often each has struck. What they do lies where it happens: `requests` before the REST handlers,
`messages` and `lines` between the streams and their connections, `market` at the venue.

Everything is decided by the scenario, its seed and what is asked of the exchange: the same scenario does the same.
Moments and durations are the tape's; only what a client waits for (`delay`, `retry_after`) is the machine's.
"""
