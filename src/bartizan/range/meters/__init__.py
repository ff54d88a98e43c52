"""A utility that reads its meters from photographs, one digit at a time."""
