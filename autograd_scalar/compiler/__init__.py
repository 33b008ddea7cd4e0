"""From a recorded program to a function that runs at the speed of the machine."""
