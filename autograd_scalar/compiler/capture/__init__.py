"""Stage 2: record one call of a function as a program and guards."""
