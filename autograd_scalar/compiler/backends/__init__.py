"""Stage 4: print programs and loops as Python, C or LLVM source."""
