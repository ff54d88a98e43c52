"""National identifiers of Asia, Oceania, Africa and the Middle East, each with its issuer's check."""

from __future__ import annotations

from bartizan.inspection.checksums import digits, luhn, mod11_2, verhoeff, weighted, written
from bartizan.inspection.interface import Pattern
from bartizan.inspection.personal_data.dates import plausible
from bartizan.inspection.personal_data.formats import identifier

_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_SG_CHECKS = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
_SG_OFFSET = {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}


def in_aadhaar(value: str) -> bool:
    """Aadhaar: Verhoeff; palindromes are not issued. Three years in a row are no number."""
    text = written(value)
    if all(text[at : at + 2] in ("19", "20") for at in (0, 4, 8)):
        return False
    return text != text[::-1] and verhoeff(text)


def cn_resident(value: str) -> bool:
    """GB 11643: birth date and MOD 11-2."""
    return value[6:8] in ("18", "19", "20") and plausible(int(value[10:12]), int(value[12:14])) and mod11_2(value)


def kr_resident(value: str) -> bool:
    """RRN: a birth date; numbers since October 2020 have no check digit."""
    n = digits(value)
    return plausible(n[2] * 10 + n[3], n[4] * 10 + n[5])


def jp_individual(value: str) -> bool:
    """My Number: weights 6 5 4 3 2 7, modulo 11."""
    n = digits(value)
    remainder = weighted(n, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if remainder <= 1 else 11 - remainder) == n[11]


def sg_nric(value: str) -> bool:
    """NRIC and FIN: check letter modulo 11, by series."""
    text = value.upper()
    total = weighted([int(character) for character in text[1:8]], (2, 7, 6, 5, 4, 3, 2)) + _SG_OFFSET[text[0]]
    return _SG_CHECKS[text[0]][total % 11] == text[8]


def tw_identity(value: str) -> bool:
    """Taiwan identity card: the letter counts two digits."""
    letter = _TW_LETTERS.index(value[0].upper()) + 10
    numbers = [letter // 10, letter % 10, *digits(value[1:])]
    return weighted(numbers, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0


def hk_identity(value: str) -> bool:
    """Hong Kong identity card: modulo 11; one leading letter stands behind a blank that counts 36."""
    text = value.upper().replace("(", "").replace(")", "")
    codes = [int(character, 36) for character in text]
    if len(codes) == 8:
        codes.insert(0, 36)
    return weighted(codes, range(9, 0, -1)) % 11 == 0


def th_identity(value: str) -> bool:
    """Thai identity number: weights 13 to 2, modulo 11."""
    n = digits(value)
    return (11 - weighted(n, range(13, 1, -1)) % 11) % 10 == n[12]


def au_tfn(value: str) -> bool:
    """Tax file number: weights 1 4 3 7 5 8 6 9 10, modulo 11."""
    n = digits(value)
    return any(n) and weighted(n, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(value: str) -> bool:
    """Medicare card: ninth digit, weights 1 3 7 9."""
    n = digits(value)
    return weighted(n, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == n[8]


def nz_ird(value: str) -> bool:
    """IRD number: two rounds of weights, modulo 11."""
    n = [0] * (9 - len(digits(value))) + digits(value)
    for weights in ((3, 2, 7, 6, 5, 4, 3, 2), (7, 4, 3, 2, 5, 2, 7, 6)):
        check = -weighted(n, weights) % 11
        if check != 10:
            return check == n[8]
    return False


def za_identity(value: str) -> bool:
    """South African identity number: birth date, citizenship 0 or 1, then 8 or 9, Luhn."""
    n = digits(value)
    return plausible(n[2] * 10 + n[3], n[4] * 10 + n[5]) and luhn(value)


def others() -> tuple[Pattern, ...]:
    """Rows of the identifiers of the remaining continents."""
    return (
        *identifier(
            "in_aadhaar",
            compact=r"[2-9]\d{11}",
            grouped=r"[2-9]\d{3}[ -]\d{4}[ -]\d{4}",
            length=14,
            check=in_aadhaar,
            bare=False,
            score=0.6,
            labels=("aadhaar", "aadhar", "uidai", "आधार"),
            examples=("2341 2341 2346", "Aadhaar: 234123412346"),
            counter_examples=("2341 2341 2347", "234123412346"),
        ),
        *identifier(
            "in_pan",
            compact=r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]",
            length=10,
            score=0.7,
            labels=("pan card", "permanent account", "pan"),
            examples=("ACUPA7085R", "PAN: acupa7085r"),
            counter_examples=("ABCDE1234F", "XACUPA7085R"),
        ),
        *identifier(
            "cn_resident",
            compact=r"[1-9]\d{16}[\dX]",
            length=18,
            check=cn_resident,
            score=0.95,
            labels=("身份证", "居民身份证"),
            examples=("11010519491231002X", "身份证号：11010519491231002X"),
            counter_examples=("110105194912310021", "110105194913310025"),
        ),
        *identifier(
            "kr_resident",
            grouped=r"\d{6}-[1-8]\d{6}",
            length=14,
            check=kr_resident,
            score=0.8,
            labels=("주민등록번호", "resident registration"),
            examples=("820701-2409184",),
            counter_examples=("821301-2409184", "820701-9409184"),
        ),
        *identifier(
            "jp_individual",
            compact=r"\d{12}",
            grouped=r"\d{4}[ -]\d{4}[ -]\d{4}",
            length=14,
            check=jp_individual,
            bare=False,
            grouped_bare=False,
            labels=("my number", "マイナンバー", "個人番号"),
            examples=("マイナンバー：1234 5678 9018", "My Number: 123456789018"),
            counter_examples=("123456789018",),
        ),
        *identifier(
            "sg_nric",
            compact=r"[STFGM]\d{7}[A-Z]",
            length=9,
            check=sg_nric,
            labels=("nric", "fin"),
            examples=("S1234567D", "NRIC: f1234567n", "T1234567J"),
            counter_examples=("S1234567A",),
        ),
        *identifier(
            "tw_identity",
            compact=r"[A-Z][1289]\d{8}",
            length=10,
            check=tw_identity,
            score=0.75,
            labels=("身分證字號", "身分證"),
            examples=("A123456789",),
            counter_examples=("A123456788",),
        ),
        *identifier(
            "hk_identity",
            compact=r"[A-Z]{1,2}\d{6}\([\dA]",
            length=11,
            check=hk_identity,
            bare=False,
            labels=("hkid", "hong kong identity", "香港身份證"),
            examples=("HKID: A123456(3)",),
            counter_examples=("HKID: A123456(4)",),
        ),
        *identifier(
            "th_identity",
            compact=r"[1-8]\d{12}",
            grouped=r"[1-8]-\d{4}-\d{5}-\d{2}-\d",
            length=17,
            check=th_identity,
            bare=False,
            labels=("บัตรประชาชน", "thai id"),
            examples=("1-2345-45678-78-1", "Thai ID: 1234545678781"),
            counter_examples=("1-2345-45678-78-2",),
        ),
        *identifier(
            "au_tfn",
            compact=r"\d{9}",
            grouped=r"\d{3} \d{3} \d{3}",
            length=11,
            check=au_tfn,
            bare=False,
            grouped_bare=False,
            labels=("tfn", "tax file"),
            examples=("TFN: 123 456 782", "tax file number 876543210"),
            counter_examples=("123 456 782", "TFN: 123 456 783"),
        ),
        *identifier(
            "au_medicare",
            compact=r"[2-6]\d{9}",
            grouped=r"[2-6]\d{3} \d{5} \d",
            length=12,
            check=au_medicare,
            bare=False,
            grouped_bare=False,
            labels=("medicare",),
            examples=("Medicare: 2123 45670 1", "medicare number 2123456701"),
            counter_examples=("Medicare: 2123 45671 1",),
        ),
        *identifier(
            "nz_ird",
            compact=r"\d{8,9}",
            grouped=r"\d{2,3}-\d{3}-\d{3}",
            length=11,
            check=nz_ird,
            bare=False,
            grouped_bare=False,
            labels=("ird", "ird number"),
            examples=("IRD: 49-091-850",),
            counter_examples=("IRD: 49-091-851",),
        ),
        *identifier(
            "za_identity",
            compact=r"\d{10}[01][89]\d",
            length=13,
            check=za_identity,
            score=0.7,
            labels=("south african id", "rsa id", "sa id"),
            examples=("8001015009087",),
            counter_examples=("8001015009088",),
        ),
        *identifier(
            "il_identity",
            compact=r"\d{9}",
            length=9,
            check=luhn,
            bare=False,
            labels=("teudat zehut", "תעודת זהות", "ת.ז"),
            examples=("Teudat Zehut: 123456782",),
            counter_examples=("123456782", "Teudat Zehut: 123456783"),
        ),
    )
