"""Stage 5: kernels, guards and dispatch."""
