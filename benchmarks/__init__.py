"""Benchmarks against other packages, measured side by side: `python -m benchmarks --help`."""
