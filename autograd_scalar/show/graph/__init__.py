"""Graphs as boxes and edges, grouped by the scopes of their labels."""
