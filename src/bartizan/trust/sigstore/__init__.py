"""Signatures without long-lived keys, as Sigstore makes them, verified offline against a trust root of one's choice."""
