"""What single characters fold to beyond NFKC: own table, from the Unicode character names and the look of the glyphs.

Only characters that stand for a Latin letter, digit or ASCII mark wherever they are written. Letters of other scripts
that merely look alike are in ``confusables``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _pairs(strange: str, plain: str) -> dict[str, str]:
    return dict(zip(strange, plain, strict=True))


def _block(first: int, plain: str = _LETTERS) -> dict[str, str]:
    return {chr(first + index): letter for index, letter in enumerate(plain)}


_SMALL_CAPITALS = _pairs("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz")
_STROKES_AND_HOOKS = _pairs("ıȷłøđħŧðƒɑɡƀɓɗɖɦƙɫɬɱɲɵɼɽʂƭʈʋʐƶɨʉ", "ijlodhtdfagbbddhkllmnorrsttvzziu") | {
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ŋ": "n",
}
_ENCLOSED = (
    _block(0x1F1E6)  # regional indicators
    | _block(0x1F150)  # negative circled
    | _block(0x1F170)  # negative squared
    | _block(0x2776, "123456789")
    | _block(0x2780, "123456789")
    | _block(0x278A, "123456789")
    | {"⓿": "0", "🄋": "0", "🄌": "0", "❿": "10", "➉": "10", "➓": "10"}
)
_BRAILLE = _pairs("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", _LETTERS) | {"⠀": " "}
_MARKS = (
    dict.fromkeys("‘’‚‛′ʼʹʻʽˈ´", "'")
    | dict.fromkeys("“”„‟″", '"')
    | dict.fromkeys("‐‑‒–—―−⁃", "-")
    | dict.fromkeys("⁄∕", "/")
    | dict.fromkeys("∶꞉", ":")
    | dict.fromkeys("∣ǀ", "|")
    | {"∖": "\\", "∗": "*", "‹": "<", "›": ">", "ǃ": "!", "\u2028": "\n", "\u2029": "\n", "\x85": "\n"}
)

FOLD_TABLE: Final = MappingProxyType(_SMALL_CAPITALS | _STROKES_AND_HOOKS | _ENCLOSED | _BRAILLE | _MARKS)
"""One character to its plain form. Keys are in casefolded form where they have case."""
