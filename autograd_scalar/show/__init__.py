"""Pictures: drawings of graphs, formulas, cards for notebooks, plots of training."""
