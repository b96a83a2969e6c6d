"""What proposes symbols, for all strategies or for one."""
