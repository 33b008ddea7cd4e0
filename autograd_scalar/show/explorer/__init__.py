"""The explorer: a standalone page to step through backpropagation."""
