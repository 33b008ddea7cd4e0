"""Plots with matplotlib: decision boundaries, training curves, activations."""
