"""The explorer: one offline page to step through backpropagation."""
