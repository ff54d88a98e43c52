"""One file per API family: its wire format to and from the canonical exchange."""
