"""Letters of other scripts that look like Latin ones: own table, by the look of common typefaces."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final


def _pairs(strange: str, plain: str) -> dict[str, str]:
    return dict(zip(strange, plain, strict=True))


_CYRILLIC = _pairs("авсԁеғһніїјкӏмпоԛргѕтиѵԝхуѡшщьяэдбзѐёԍүԗ", "abcdefhhiijklmnoqprstuvwxywwwbreabzeegyr")
_CYRILLIC_CAPITALS = _pairs("АВСЕНІЈКМОРЅТХУԌԚԜҮЗИЯГ", "abcehijkmopstxygqwyznrr")
_GREEK = _pairs("αβγδεζηικλμνορπστυχωϲϳϝξθ", "abydeznik1uvopnotuxwcjfeo") | {"ς": "s", "λ": "l"}
_GREEK_CAPITALS = _pairs("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧΣΛΔ", "abezhikmnoptyxead")
_ARMENIAN = _pairs("հոօսցզյքւտլղր", "hnougqjfltlnn") | _pairs("ՍՕՏԼԱ", "uoslu")
_CHEROKEE = _pairs("ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᏀᏃᏎᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏴᏻᎹᏽᏂᏅᎾᎤᏆᏋ", "drtiajewmhgz4brwsvslcpkdbgybhootqe")
_COPTIC = _pairs("ⲁⲃⲅⲉⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭ", "abrehikmnopctyx")
_LISU = _pairs("ꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpddtgkjczfmnlsrvhwxyaeiou")

CONFUSABLES: Final = MappingProxyType(_CYRILLIC | _GREEK | _ARMENIAN | _CHEROKEE | _COPTIC | _LISU)
"""Letters in folded form, as they look in lower case. Casefolded Cherokee is in capitals."""

CAPITAL_CONFUSABLES: Final = MappingProxyType(_CYRILLIC_CAPITALS | _GREEK_CAPITALS | _pairs("ՍՕՏԼ", "uosl"))
"""Capitals that look like another letter than their lower case does (Н is h, н is too; Ρ is p, В is b)."""

_ALL: Final = "".join(sorted(CONFUSABLES))
CONFUSABLE_CLASS: Final = f"[{_ALL}]"
"""A regular expression for one of them."""
