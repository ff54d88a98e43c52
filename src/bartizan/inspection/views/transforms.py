"""Every transformation under its kind, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

from bartizan.inspection.interface import View
from bartizan.inspection.views.base32_runs import undo_base32
from bartizan.inspection.views.base64_runs import undo_base64
from bartizan.inspection.views.controls import undo_controls
from bartizan.inspection.views.escape_runs import undo_entities, undo_escapes, undo_percent, undo_quoted_printable
from bartizan.inspection.views.flipping import undo_upside_down
from bartizan.inspection.views.leet import undo_leet
from bartizan.inspection.views.lookalikes import undo_mixed_script
from bartizan.inspection.views.morse import undo_morse
from bartizan.inspection.views.number_runs import undo_character_codes, undo_hex
from bartizan.inspection.views.smuggled import undo_tags, undo_variation_selectors
from bartizan.inspection.views.source import Source
from bartizan.inspection.views.spacing import undo_letter_spacing
from bartizan.inspection.views.splitting import undo_markup, undo_run_together, undo_word_splitting
from bartizan.inspection.views.turned import undo_atbash, undo_reversal, undo_shift

Transform = Callable[[Source], Iterator[View]]

TRANSFORMS: Final = MappingProxyType[str, Transform](
    {
        "unicode_tags": undo_tags,
        "variation_selectors": undo_variation_selectors,
        "control_characters": undo_controls,
        "mixed_script": undo_mixed_script,
        "upside_down": undo_upside_down,
        "letter_spacing": undo_letter_spacing,
        "leet": undo_leet,
        "word_splitting": undo_word_splitting,
        "run_together": undo_run_together,
        "markup": undo_markup,
        "percent": undo_percent,
        "entities": undo_entities,
        "escapes": undo_escapes,
        "quoted_printable": undo_quoted_printable,
        "base64": undo_base64,
        "base32": undo_base32,
        "hex": undo_hex,
        "character_codes": undo_character_codes,
        "morse": undo_morse,
        "reversed": undo_reversal,
        "caesar": undo_shift,
        "atbash": undo_atbash,
    }
)
"""Kind (as the gates name it) to transformation."""
