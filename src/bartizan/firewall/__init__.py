"""The gateway data plane."""
