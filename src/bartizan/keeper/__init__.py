"""What gateway workers share, behind one Unix socket."""
