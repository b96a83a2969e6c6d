"""How a venue matches and a broker keeps an account. Pure; one rule, one small function."""
