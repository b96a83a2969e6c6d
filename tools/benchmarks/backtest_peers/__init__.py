"""One strategy on one market for several engines: the data, the exact answer, and a runner for each.

A runner is a module that an interpreter of its own runs: it reads a workload's file, which is all that
it is told, and prints one line of JSON. It imports nothing from `liualgotrader`, which is not installed
where it runs.
"""
