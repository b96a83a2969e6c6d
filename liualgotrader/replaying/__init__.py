"""Recorded sessions lived again: what a batch left behind, and the proof that it replays decision for decision."""
