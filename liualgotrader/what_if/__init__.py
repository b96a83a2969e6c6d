"""What would have happened otherwise: changed code on the market that a session recorded, its fills from the venue."""
