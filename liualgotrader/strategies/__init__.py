"""What decides. A strategy never acts: it asks its context, and the engine and risk do the rest."""
