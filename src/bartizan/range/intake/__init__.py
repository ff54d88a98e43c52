"""A shop that loads models it did not make."""
