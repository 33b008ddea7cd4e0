"""Pictures as SVG and as DOT."""
