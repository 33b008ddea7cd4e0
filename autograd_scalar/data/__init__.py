"""Data sets as plain lists: five classical shapes in the plane, and CSV files."""

from autograd_scalar.data.csv_file import load_csv, load_rows
from autograd_scalar.data.dataset import Dataset, Schema
from autograd_scalar.data.shapes import SHAPES, blobs, circles, make, moons, spiral, xor

__all__ = [
    "SHAPES",
    "Dataset",
    "Schema",
    "blobs",
    "circles",
    "load_csv",
    "load_rows",
    "make",
    "moons",
    "spiral",
    "xor",
]
