"""Vulnerable applications and the embedded model to practise on."""
