"""Formulas: recorded graphs as text and LaTeX."""
