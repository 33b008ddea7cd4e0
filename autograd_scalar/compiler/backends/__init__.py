"""Stage 4: print a program or loops as source, one file a target."""
