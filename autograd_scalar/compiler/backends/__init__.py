"""Stage 4: print programs and loops as Python, C, JavaScript or LLVM source."""
