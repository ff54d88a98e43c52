"""Bills of materials: what an AI system is made of, and for every field whether it was read from bytes or by whom
it is asserted."""
