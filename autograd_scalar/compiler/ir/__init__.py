"""Stage 2: differentiate, lower and simplify programs, the form that all stages share."""
