"""Datasets before anything is trained on them: what is in them, and what somebody may have planted."""
