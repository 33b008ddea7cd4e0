"""Expressions as text and LaTeX."""
