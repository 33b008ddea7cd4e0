"""A page in which an expression is typed: its names become sliders, its graph and its slope follow."""
