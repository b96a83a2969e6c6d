"""The kernel: what every other part speaks. Pure: no I/O, no asyncio, no module state."""
