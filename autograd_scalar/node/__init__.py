"""What both engines share: recording modes, hooks, pickling, and the methods that are not hot."""
