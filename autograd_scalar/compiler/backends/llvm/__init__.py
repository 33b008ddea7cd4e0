"""LLVM IR and machine code."""
