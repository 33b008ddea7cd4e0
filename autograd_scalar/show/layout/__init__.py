"""Graph layout: positions of nodes, routes of edges, frames around scopes."""
