"""Files of others, CSV and Parquet, turned into rows of the lake: guessed, shown, and checked row by row."""
