"""Networks: the neurons of a model in layers, with the weights between them."""
