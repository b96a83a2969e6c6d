"""Whether a plan decides on the past alone: it is run again where nothing later than a moment exists."""
