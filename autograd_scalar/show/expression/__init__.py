"""A page to type an expression in: names become sliders; the graph and the slope follow."""
