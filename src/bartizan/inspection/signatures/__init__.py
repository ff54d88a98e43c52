"""Signatures of prompt injection: packs of literals and RE2 patterns as data, and the detector that reads them."""

from bartizan.inspection.signatures.check import check_pack
from bartizan.inspection.signatures.detector import SignatureDetector
from bartizan.inspection.signatures.loader import load_packs, read_packs
from bartizan.inspection.signatures.pack import Entry, Pack, Signature

__all__ = ["Entry", "Pack", "Signature", "SignatureDetector", "check_pack", "load_packs", "read_packs"]
