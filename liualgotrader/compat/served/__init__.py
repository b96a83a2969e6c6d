"""What is served under 0.4's module names, to files that were written for it and to no others."""
