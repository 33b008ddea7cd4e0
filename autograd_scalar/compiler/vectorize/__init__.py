"""Stage 3: find rows and loops in straight-line code."""
