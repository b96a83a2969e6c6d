"""Which of the installed strategies fits a symbol, out of sample, and how sure that is."""
