"""Readings: what a function read besides its arguments, and how to find out at each call that it is still the same."""
