"""Payment cards, bank accounts and wallets."""

from __future__ import annotations

from bartizan.core.threat import Severity
from bartizan.inspection.checksums import bare, base58check, bech32, digits, luhn, mod97, written
from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.personal_data.formats import MARK, identifier, labelled, row

# fmt: off
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR":
    29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20,
    "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR":
    27, "GT": 28, "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30,
    "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD":
    24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD":
    18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
    "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}
# fmt: on
"""Lengths by country, SWIFT IBAN registry."""

_CARD_STARTS = (
    (4, 1, (13, 16, 19)),
    (*(range(51, 56),), 2, (16,)),
    (range(2221, 2721), 4, (16,)),
    ((34, 37), 2, (15,)),
    ((6011,), 4, (16, 17, 18, 19)),
    ((65,), 2, (16, 17, 18, 19)),
    (range(644, 650), 3, (16, 17, 18, 19)),
    ((36, 38, 39), 2, (14, 15, 16)),
    (range(300, 306), 3, (14, 16)),
    (range(3528, 3590), 4, (16, 17, 18, 19)),
    ((62, 81, 82), 2, (16, 17, 18, 19)),
    (range(2200, 2205), 4, (16, 17, 18, 19)),
    ((5018, 5020, 5038, 6304, 6759, 6761, 6762, 6763, 5081, 5085, 6521, 6522), 4, (12, 13, 14, 15, 16, 17, 18, 19)),
)


def card(value: str) -> bool:
    """Luhn, and a start and length that a card scheme issues (ISO/IEC 7812; the schemes' published ranges)."""
    if not luhn(value):
        return False
    text = written(value)
    length = len(text)
    if len(set(text)) < 2:
        return False
    for starts, width, lengths in _CARD_STARTS:
        start = int(text[:width])
        if length in lengths and (start == starts if isinstance(starts, int) else start in starts):
            return True
    return False


def mask_card(value: str) -> str:
    """The card with all but the last four digits starred; separators stay."""
    left = len(digits(value)) - 4
    out: list[str] = []
    for character in value:
        if "0" <= character <= "9":
            out.append("*" if left > 0 else character)
            left -= 1
        else:
            out.append(character)
    return "".join(out)


def iban(value: str) -> bool:
    """ISO 13616: the country's length and MOD 97-10."""
    text = bare(value)
    return _IBAN_LENGTHS.get(text[:2]) == len(text) and mod97(text)


def mask_iban(value: str) -> str:
    """Country and last four characters stay."""
    text = bare(value)
    return f"{text[:2]}** **** **** {text[-4:]}"


def payment() -> tuple[Pattern, ...]:
    """Rows of payment data."""
    return (
        row(
            "payment_card",
            Extent.TOKEN,
            r"\b[2-6]\d{11,18}\b|\b8[12]\d{14,17}\b",
            22,
            check=card,
            replace=mask_card,
            severity=Severity.HIGH,
            score=0.95,
            examples=("4111111111111111", "card:5555555555554444.", "378282246310005"),
            counter_examples=("4111111111111112", "9411111111111111", "4444444444444444", "a4111111111111111"),
        ),
        row(
            "payment_card_grouped",
            Extent.GROUPS,
            rf"\b(?:[2-68]\d{{3}}(?:{MARK}\d{{4}}){{3}}(?:{MARK}\d{{3}})?|3\d{{3}}{MARK}\d{{6}}{MARK}\d{{4,5}}|[3-6]\d{{3}}{MARK}\d{{4}}{MARK}\d{{5}})\b",
            26,
            check=card,
            replace=mask_card,
            severity=Severity.HIGH,
            score=0.95,
            examples=("4111 1111 1111 1111", "5555-5555-5555-4444", "3782 822463 10005"),
            counter_examples=("4111 1111 1111 1112", "1234 5678 9012 3456"),
        ),
        labelled(
            "card_verification_code",
            ("cvv", "cvc", "cvv2", "card verification", "security code"),
            r"\d{3,4}",
            4,
            severity=Severity.HIGH,
            examples=("CVV: 123", "security code 4521"),
            counter_examples=("CVV 12345",),
        ),
        row(
            "iban",
            Extent.TOKEN,
            r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b",
            36,
            check=iban,
            replace=mask_iban,
            severity=Severity.HIGH,
            examples=("DE89370400440532013000", "GB82WEST12345698765432"),
            counter_examples=("DE89370400440532013001", "DE8937040044053201300"),
        ),
        row(
            "iban_grouped",
            Extent.GROUPS,
            rf"\b[A-Z]{{2}}\d{{2}}(?:{MARK}[A-Z0-9]{{4}}){{2,7}}(?:{MARK}[A-Z0-9]{{1,3}})?\b",
            46,
            check=iban,
            replace=mask_iban,
            severity=Severity.HIGH,
            examples=("DE89 3704 0044 0532 0130 00", "FR14 2004 1010 0505 0001 3M02 606"),
            counter_examples=("DE89 3704 0044 0532 0130 01",),
        ),
        row(
            "bitcoin_address",
            Extent.TOKEN,
            r"\b[13][1-9A-HJ-NP-Za-km-z]{25,34}\b",
            37,
            check=base58check,
            score=0.7,
            examples=("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",),
            counter_examples=("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",),
        ),
        row(
            "bitcoin_address_segwit",
            Extent.TOKEN,
            r"\b(?:bc1[02-9ac-hj-np-z]{11,87}|BC1[02-9AC-HJ-NP-Z]{11,87})\b",
            92,
            check=bech32,
            literals=("bc1",),
            score=0.7,
            name="bitcoin_address",
            examples=("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",),
            counter_examples=("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",),
        ),
        row(
            "ethereum_address",
            Extent.TOKEN,
            r"\b0x[0-9a-fA-F]{40}\b",
            44,
            literals=("0x",),
            score=0.7,
            examples=("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",),
            counter_examples=("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",),
        ),
        *identifier(
            "bank_account",
            compact=r"\d{6,17}",
            length=17,
            bare=False,
            labels=("account number", "bank account", "kontonummer", "numéro de compte"),
            examples=("account number: 12345678", "Kontonummer 0532013000"),
            counter_examples=("12345678",),
        ),
    )
