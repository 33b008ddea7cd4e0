"""Drawings, formulas, explanations and plots of recorded graphs."""
