"""Stage 4: print programs and loops as source code, one file for each target."""
