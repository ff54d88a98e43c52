"""Keys, commitments and, later, signatures and hash chains."""
