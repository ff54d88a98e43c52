"""What bytes say about themselves: one module for each kind of file, all bounded, nothing loaded."""
