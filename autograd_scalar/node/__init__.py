"""Shared by both engines: recording modes, hooks, pickling, and the methods that are not hot."""
