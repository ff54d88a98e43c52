"""The vocabulary every room shares. No I/O; msgspec is the only third-party import."""
