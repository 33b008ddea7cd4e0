"""Probes: what instrumented code reports, and the state of a recording that says what is new."""
