"""Rendering of pictures as SVG and DOT."""
