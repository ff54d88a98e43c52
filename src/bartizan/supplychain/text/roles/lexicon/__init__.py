"""Words and phrases by the role that they play in an order."""
