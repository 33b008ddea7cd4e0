"""The compiled core: the class of `python_core` as an extension type, made from the same rows when it is built."""
