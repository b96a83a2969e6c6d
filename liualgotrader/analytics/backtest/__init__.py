"""What a backtest came to: figures, the report, tables for other programs, and lines for the terminal."""
