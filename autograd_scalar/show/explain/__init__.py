"""Derivations of gradients by the chain rule."""
