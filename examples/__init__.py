"""Example programs, which also run as scripts: `python examples/gpt.py`."""
