"""Classes written for LiuAlgoTrader 0.4, run unmodified: loaded, handed what they expect, and driven by the engine."""
