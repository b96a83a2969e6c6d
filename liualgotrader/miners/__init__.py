"""What works while the market is closed, and keeps what it found."""
