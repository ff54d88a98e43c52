"""The audits, one file each: an attack, its figures, its positive control."""
