"""The commands: click only, nothing that decides."""
