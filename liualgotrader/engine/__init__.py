"""The engine: one loop over inputs, in every mode. `core`, `book`, `risk`, `context` are pure."""
