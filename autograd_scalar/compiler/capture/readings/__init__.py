"""Readings: what a function read besides its arguments, and the check at each call that it is still the same."""
