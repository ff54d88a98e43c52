"""Encodings that software knows: a model that has read code reads them, a filter of words does not."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from random import Random
from urllib.parse import quote, unquote

from bartizan.redteam.converters.interface import Family, Keeps, converter

_LINE = 45


def _decimal(text: str) -> str:
    return "".join(chr(int(part)) for part in text.split())


def _bytes(text: str, base: int) -> str:
    return bytes(int(part, base) for part in text.split()).decode()


def _unescape(text: str) -> str:
    units = "".join(chr(int(part, 16)) for part in re.findall(r"\\u([0-9a-f]{4})", text))
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _unreference(text: str) -> str:
    """By hand: HTML itself refuses references to control characters."""
    return "".join(chr(int(one[1:], 16) if one[0] == "x" else int(one)) for one in re.findall("&#(x?[0-9a-f]+);", text))


def _uudecode(text: str) -> str:
    lines = text.splitlines()[1:-2]
    return b"".join(binascii.a2b_uu(line) for line in lines).decode()


@converter("base64", Family.ENCODING, Keeps.EXACT, inverse=lambda text: base64.b64decode(text, validate=True).decode())
def base64_(text: str, rng: Random) -> str:
    """Base64 of the UTF-8 bytes (RFC 4648)."""
    return base64.b64encode(text.encode()).decode()


@converter(
    "base64-url", Family.ENCODING, Keeps.EXACT, inverse=lambda text: base64.urlsafe_b64decode(text + "==").decode()
)
def base64_url(text: str, rng: Random) -> str:
    """Base64 in the alphabet for addresses, without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@converter("base32", Family.ENCODING, Keeps.EXACT, inverse=lambda text: base64.b32decode(text).decode())
def base32(text: str, rng: Random) -> str:
    """Base32 (RFC 4648)."""
    return base64.b32encode(text.encode()).decode()


@converter("ascii85", Family.ENCODING, Keeps.EXACT, inverse=lambda text: base64.a85decode(text).decode())
def ascii85(text: str, rng: Random) -> str:
    """Ascii85, as PostScript and PDF use it."""
    return base64.a85encode(text.encode()).decode()


@converter("hex", Family.ENCODING, Keeps.EXACT, inverse=lambda text: bytes.fromhex(text).decode())
def hex_(text: str, rng: Random) -> str:
    """Hexadecimal digits of the UTF-8 bytes."""
    return text.encode().hex()


@converter("binary", Family.ENCODING, Keeps.EXACT, inverse=lambda text: _bytes(text, 2))
def binary(text: str, rng: Random) -> str:
    """Bytes as groups of eight bits."""
    return " ".join(f"{byte:08b}" for byte in text.encode())


@converter("octal", Family.ENCODING, Keeps.EXACT, inverse=lambda text: _bytes(text, 8))
def octal(text: str, rng: Random) -> str:
    """Bytes as octal numbers."""
    return " ".join(f"{byte:03o}" for byte in text.encode())


@converter("decimal-codes", Family.ENCODING, Keeps.EXACT, inverse=_decimal)
def decimal_codes(text: str, rng: Random) -> str:
    """Code points as decimal numbers."""
    return " ".join(str(ord(char)) for char in text)


@converter("percent", Family.ENCODING, Keeps.EXACT, inverse=lambda text: unquote(text, errors="strict"))
def percent(text: str, rng: Random) -> str:
    """Percent-encoding of all but letters and digits (RFC 3986)."""
    return quote(text, safe="")


@converter("quoted-printable", Family.ENCODING, Keeps.EXACT, inverse=lambda text: quopri.decodestring(text).decode())
def quoted_printable(text: str, rng: Random) -> str:
    """Quoted-printable with every letter escaped (RFC 2045)."""
    units = [f"={byte:02X}" for byte in text.encode()]
    lines = ["".join(units[at : at + 24]) for at in range(0, len(units), 24)]
    return "=\n".join(lines)


@converter("html-entities", Family.ENCODING, Keeps.EXACT, inverse=_unreference)
def html_entities(text: str, rng: Random) -> str:
    """Decimal and hexadecimal HTML entities, mixed by the seed."""
    return "".join(f"&#{ord(char)};" if rng.random() < 0.5 else f"&#x{ord(char):x};" for char in text)


@converter("unicode-escapes", Family.ENCODING, Keeps.EXACT, inverse=_unescape)
def unicode_escapes(text: str, rng: Random) -> str:
    """The \\\\uXXXX escapes of JSON and Java."""
    raw = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[at : at + 2].hex()}" for at in range(0, len(raw), 2))


@converter("uuencode", Family.ENCODING, Keeps.EXACT, inverse=_uudecode)
def uuencode(text: str, rng: Random) -> str:
    """Uuencode with header and end."""
    raw = text.encode()
    lines = [binascii.b2a_uu(raw[at : at + _LINE]).decode().rstrip("\n") for at in range(0, len(raw), _LINE)]
    return "\n".join(["begin 644 note.txt", *lines, "`", "end"])
