"""Programs that use the package, to be run as they are: `python examples/gpt.py`."""
