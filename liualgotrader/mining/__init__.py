"""Runs miners: what `miner.toml` says, in processes, while the market is closed."""
