"""Stage 1, the program: straight-line code, its derivative, its lowering and its simplification."""
