"""Stage 1: record one call of a function as a program, with its guards."""
