"""The table of operations, and what reads its rows on floats and as source."""
