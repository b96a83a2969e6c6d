"""Trained forecasts: a value per symbol and day, learnt from the days before it."""
