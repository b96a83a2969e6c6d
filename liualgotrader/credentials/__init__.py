"""Who we are to a vendor: keys found, carried without being shown, and kept out of whatever is written."""
