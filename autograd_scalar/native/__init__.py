"""The native engine: `engine` in C, made from the same rows of the table when the package is built."""
