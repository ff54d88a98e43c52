"""Check digits. Each function takes the value as written; what is neither letter nor digit is ignored.

Sources: ISO/IEC 7812-1 (Luhn), ISO 13616 and ISO 7064 (MOD 97-10, MOD 11-10, MOD 11-2), Verhoeff 1969,
ICAO Doc 9303 part 3 (7-3-1), 49 CFR 565.15 (vehicles), BIP 173 and BIP 350 (bech32), and the issuers' publications
for weighted sums, which the callers name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import cycle

_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_NO_DIGIT = bytes(code for code in range(256) if not 0x30 <= code <= 0x39)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {character: str(value) for value, character in enumerate(_ALPHABET)}

_VERHOEFF_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def bare(value: str) -> str:
    """Letters and digits of ``value``, in upper case."""
    return "".join(filter(str.isalnum, value)).upper()


def digits(value: str) -> list[int]:
    """The ASCII digits of ``value``, in order."""
    return list(_written(value).translate(_PLAIN))


def written(value: str) -> str:
    """The same as they are written."""
    return _written(value).decode()


def _written(value: str) -> bytes:
    return value.encode("utf-8", "replace").translate(None, _NO_DIGIT)


def luhn(value: str) -> bool:
    """ISO/IEC 7812-1 annex B over the digits of ``value``."""
    number = _written(value)
    return (sum(number[-1::-2].translate(_PLAIN)) + sum(number[-2::-2].translate(_DOUBLED))) % 10 == 0


def weighted(numbers: Sequence[int], weights: Iterable[int]) -> int:
    """The sum of products, as far as the shorter of the two reaches."""
    return sum(number * weight for number, weight in zip(numbers, weights, strict=False))


def mod97(value: str) -> bool:
    """ISO 13616: the first four characters move to the end, letters count 10 to 35, remainder 1."""
    text = bare(value)
    try:
        return int("".join(_VALUES[character] for character in text[4:] + text[:4])) % 97 == 1
    except (KeyError, ValueError):
        return False


def mod11_10(value: str) -> bool:
    """ISO 7064 MOD 11-10 over the digits of ``value``."""
    numbers = digits(value)
    product = 10
    for number in numbers[:-1]:
        product = ((product + number) % 10 or 10) * 2 % 11
    return bool(numbers) and (product + numbers[-1]) % 10 == 1


def mod11_2(value: str) -> bool:
    """ISO 7064 MOD 11-2; the last character may be X for ten."""
    total = 0
    for character in bare(value):
        if character != "X" and not "0" <= character <= "9":
            return False
        total = (total * 2 + (10 if character == "X" else int(character))) % 11
    return total == 1


def _verhoeff_tables() -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    product = tuple(
        tuple((a + b) % 5 if b < 5 else (a + b) % 5 + 5 for b in range(10))
        if a < 5
        else tuple((a - b) % 5 + 5 if b < 5 else (a - b) % 5 for b in range(10))
        for a in range(10)
    )
    powers = [tuple(range(10))]
    for _ in range(7):
        powers.append(tuple(_VERHOEFF_PERMUTATION[number] for number in powers[-1]))
    return product, tuple(powers)


_PRODUCT, _POWERS = _verhoeff_tables()


def verhoeff(value: str) -> bool:
    """Verhoeff's check over the dihedral group D5."""
    check = 0
    for number, power in zip(reversed(digits(value)), cycle(_POWERS)):
        check = _PRODUCT[check][power[number]]
    return check == 0


def mrz(field: str) -> int:
    """ICAO 9303 check digit of a machine-readable field: weights 7, 3, 1; ``<`` counts zero."""
    return (
        sum(
            (0 if character == "<" else int(character, 36)) * (7, 3, 1)[index % 3]
            for index, character in enumerate(field)
        )
        % 10
    )


_VIN_VALUES = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(value: str) -> bool:
    """North American vehicle identification number: position 9 is the remainder modulo 11."""
    text = bare(value)
    if len(text) != 17 or not all(character in _VIN_VALUES for character in text):
        return False
    remainder = sum(_VIN_VALUES[character] * weight for character, weight in zip(text, _VIN_WEIGHTS, strict=True)) % 11
    return text[8] == ("X" if remainder == 10 else str(remainder))


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58check(value: str) -> bool:
    """A 25-byte base58check payload (version, hash, four bytes of double SHA-256)."""
    number = 0
    for character in value:
        position = _BASE58.find(character)
        if position < 0:
            return False
        number = number * 58 + position
    if number >= 1 << 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANTS = (1, 0x2BC830A3)


def bech32(value: str) -> bool:
    """A bech32 (BIP 173) or bech32m (BIP 350) string; mixed case is invalid."""
    text = value.lower()
    if value not in (text, value.upper()):
        return False
    prefix, mark, data = text.rpartition("1")
    if not mark or not prefix or any(character not in _BECH32 for character in data):
        return False
    codes = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + [_BECH32.index(c) for c in data]
    state = 1
    for code in codes:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ code
        for bit, generator in enumerate(_BECH32_GENERATOR):
            if top >> bit & 1:
                state ^= generator
    return state in _BECH32_CONSTANTS
