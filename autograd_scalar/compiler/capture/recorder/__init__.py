"""Recorder: observes one call of a function and notes what it reads besides its arguments."""
