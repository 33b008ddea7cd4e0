"""Stage 1, the program: straight-line code, its rewrites and its derivative."""
