"""Pickle streams, followed opcode by opcode without ever importing or calling anything they name."""
