"""Benchmarks against other packages, measured in the same run: `python -m benchmarks --help`."""
