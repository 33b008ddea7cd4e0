"""Layered layouts of graphs."""
