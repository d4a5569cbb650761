"""A program over a range: points with their verdicts, and the places that are special."""
