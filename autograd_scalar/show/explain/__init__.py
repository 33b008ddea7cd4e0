"""Derivations: the chain rule of a graph in words and formulas."""
