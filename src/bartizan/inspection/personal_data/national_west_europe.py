"""Western European national identifiers, each with its issuer's check.

Rules as the issuers publish them; the test suite holds each check against published sample numbers.
"""

from __future__ import annotations

from bartizan.inspection.checksums import bare, digits, mod11_10, mrz, weighted
from bartizan.inspection.interface import Pattern
from bartizan.inspection.personal_data.formats import MARK, identifier

_NINO_EXCLUDED = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_PPS_CHECKS = "WABCDEFGHIJKLMNOPQRSTUV"
_CF_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        ),
        strict=True,
    )
)


def uk_nino(value: str) -> bool:
    """HMRC: prefixes that are never issued."""
    return bare(value)[:2] not in _NINO_EXCLUDED


def uk_nhs(value: str) -> bool:
    """NHS number: modulus 11."""
    numbers = digits(value)
    check = 11 - weighted(numbers, range(10, 1, -1)) % 11
    return len(set(numbers)) > 1 and check != 10 and check % 11 == numbers[9]


def de_tax_id(value: str) -> bool:
    """Steuer-ID: one digit of the first ten occurs twice or three times, the others at most once; MOD 11-10."""
    numbers = digits(value)
    counts = sorted((numbers[:10].count(number) for number in set(numbers[:10])), reverse=True)
    return numbers[0] != 0 and counts[0] in (2, 3) and (len(counts) < 2 or counts[1] == 1) and mod11_10(value)


def de_id_card(value: str) -> bool:
    """Personalausweis: nine characters and a 7-3-1 check digit."""
    text = bare(value)
    return str(mrz(text[:9])) == text[9]


def fr_nir(value: str) -> bool:
    """NIR: key 97 minus the number modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    text = bare(value).replace("2A", "19", 1).replace("2B", "18", 1)
    return text.isdecimal() and int(text[-2:]) == 97 - int(text[:-2]) % 97


def es_dni(value: str) -> bool:
    """DNI and NIE: control letter modulo 23; X, Y, Z in front count 0, 1, 2."""
    text = bare(value)
    number = text[:-1].translate({88: "0", 89: "1", 90: "2"})
    return number.isdecimal() and _DNI_LETTERS[int(number) % 23] == text[-1]


def it_fiscal(value: str) -> bool:
    """Codice fiscale: control character over odd and even positions, modulo 26."""
    text = bare(value)
    total = sum(_CF_ODD[character] for character in text[0:15:2])
    total += sum(int(character, 36) - (10 if character.isalpha() else 0) for character in text[1:15:2])
    return chr(65 + total % 26) == text[15]


def nl_bsn(value: str) -> bool:
    """Burgerservicenummer: the eleven test."""
    numbers = digits(value)
    return any(numbers) and weighted(numbers, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def be_national(value: str) -> bool:
    """Rijksregisternummer: 97 minus the first nine digits modulo 97, with a 2 in front for births since 2000."""
    text = "".join(map(str, digits(value)))
    head, check = text[:9], int(text[9:])
    month = int(text[2:4]) % 20
    return month <= 12 and int(text[4:6]) <= 31 and check in (97 - int(head) % 97, 97 - int("2" + head) % 97)


def pt_nif(value: str) -> bool:
    """NIF: weights 9 to 2, modulo 11."""
    n = digits(value)
    check = 11 - weighted(n, range(9, 1, -1)) % 11
    return (0 if check > 9 else check) == n[8]


def ch_ahv(value: str) -> bool:
    """AHV number: EAN-13 check digit."""
    return weighted(digits(value), (1, 3) * 6 + (1,)) % 10 == 0


def at_social(value: str) -> bool:
    """Sozialversicherungsnummer: fourth digit modulo 11, birth date behind."""
    n = digits(value)
    sum_ = weighted(n, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6))
    return sum_ % 11 == n[3] and n[4] * 10 + n[5] <= 31 and n[6] * 10 + n[7] <= 15


def ie_pps(value: str) -> bool:
    """PPS number: check letter modulo 23; a second letter counts nine times."""
    text = value.upper()
    extra = (ord(text[8]) - 64) % 23 if len(text) > 8 else 0
    total = weighted([int(character) for character in text[:7]], range(8, 1, -1)) + 9 * extra
    return _PPS_CHECKS[total % 23] == text[7]


def west_europe() -> tuple[Pattern, ...]:
    """Rows of these identifiers."""
    return (
        *identifier(
            "uk_nino",
            compact=r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]",
            length=13,
            check=uk_nino,
            grouped=r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \d{2} \d{2} \d{2} [A-D]",
            labels=("national insurance", "nino"),
            examples=("NI: AB123456C", "it is AB 12 34 56 C.", "National Insurance number ab123456c"),
            counter_examples=("BG123456A", "model AB1234567C"),
        ),
        *identifier(
            "uk_nhs",
            compact=r"\d{10}",
            grouped=r"\d{3}[ -]\d{3}[ -]\d{4}",
            length=12,
            check=uk_nhs,
            bare=False,
            grouped_bare=False,
            labels=("nhs number", "nhs no", "nhs"),
            examples=("NHS number: 943 476 5919", "NHS No. is 9434765919"),
            counter_examples=("call 943 476 5919", "NHS number: 943 476 5918"),
        ),
        *identifier(
            "de_tax_id",
            compact=r"[1-9]\d{10}",
            grouped=r"[1-9]\d(?: \d{3}){3}",
            length=14,
            check=de_tax_id,
            bare=False,
            score=0.6,
            labels=("steuer-id", "identifikationsnummer", "steuerliche identifikationsnummer", "idnr", "tax id"),
            examples=("Steuer-ID: 86095742719", "IdNr: 86 095 742 719"),
            counter_examples=("order 86095742719", "Steuer-ID: 86095742718"),
        ),
        *identifier(
            "de_id_card",
            compact=r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d",
            length=10,
            check=de_id_card,
            bare=False,
            labels=("personalausweis", "ausweisnummer", "ausweis-nr"),
            examples=("Personalausweisnummer: L01X00T471", "Ausweisnummer L01X00T471"),
            counter_examples=("Ausweisnummer L01X00T472",),
        ),
        *identifier(
            "fr_nir",
            compact=r"[1-478]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)\d[\dAB]\d{8}",
            length=21,
            check=fr_nir,
            grouped=rf"[1-478]{MARK}\d{{2}}{MARK}(?:0[1-9]|1[0-2]|[2-9]\d){MARK}\d[\dAB]{MARK}\d{{3}}{MARK}\d{{3}}{MARK}\d{{2}}",
            labels=("numéro de sécurité sociale", "numero de securite sociale", "insee"),
            examples=("255081416802538", "2 55 08 14 168 025 38"),
            counter_examples=("255081416802539",),
        ),
        *identifier(
            "es_dni",
            compact=r"(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]",
            grouped=r"\d{2}\.\d{3}\.\d{3}-[A-HJ-NP-TV-Z]",
            length=12,
            check=es_dni,
            score=0.75,
            labels=("dni", "nie", "nif"),
            examples=("DNI 12345678Z", "es X1234567L", "12.345.678-Z"),
            counter_examples=("12345678A", "commit 12345678f"),
        ),
        *identifier(
            "it_fiscal_code",
            length=16,
            check=it_fiscal,
            score=0.95,
            compact=r"[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]",
            labels=("codice fiscale",),
            examples=("RSSMRA85T10A562S", "codice fiscale rssmra85t10a562s"),
            counter_examples=("RSSMRA85T10A562T",),
        ),
        *identifier(
            "nl_bsn",
            compact=r"\d{9}",
            grouped=r"\d{4}[ .]\d{2}[ .]\d{3}",
            length=11,
            check=nl_bsn,
            bare=False,
            grouped_bare=False,
            labels=("bsn", "burgerservicenummer", "sofinummer"),
            examples=("BSN: 111222333", "burgerservicenummer 1112.22.333"),
            counter_examples=("111222333", "BSN: 111222334"),
        ),
        *identifier(
            "be_national",
            compact=r"\d{11}",
            grouped=r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}",
            length=15,
            check=be_national,
            bare=False,
            labels=("rijksregisternummer", "numéro national", "numéro de registre national"),
            examples=("85.07.30-033.28", "Rijksregisternummer 85073003328"),
            counter_examples=("85.07.30-033.29",),
        ),
        *identifier(
            "pt_nif",
            compact=r"[1-9]\d{8}",
            grouped=r"\d{3} \d{3} \d{3}",
            length=11,
            check=pt_nif,
            bare=False,
            grouped_bare=False,
            labels=("nif", "contribuinte", "número de identificação fiscal"),
            examples=("NIF: 123456789", "contribuinte n.º 123 456 789"),
            counter_examples=("123456789", "NIF: 123456788"),
        ),
        *identifier(
            "ch_ahv",
            compact=r"756\d{10}",
            grouped=r"756\.\d{4}\.\d{4}\.\d{2}",
            length=16,
            check=ch_ahv,
            labels=("ahv", "ahv-nummer", "numéro avs"),
            examples=("756.9217.0769.85", "AHV: 7569217076985"),
            counter_examples=("756.9217.0769.84",),
        ),
        *identifier(
            "at_social",
            compact=r"[1-9]\d{9}",
            grouped=r"[1-9]\d{3} \d{6}",
            length=11,
            check=at_social,
            bare=False,
            grouped_bare=False,
            labels=("sozialversicherungsnummer", "svnr", "sv-nummer"),
            examples=("SVNR: 1237 010180", "Sozialversicherungsnummer 1237010180"),
            counter_examples=("SVNR: 1238 010180",),
        ),
        *identifier(
            "ie_pps",
            compact=r"\d{7}[A-W][A-IW]?",
            length=9,
            check=ie_pps,
            score=0.6,
            labels=("pps number", "ppsn", "pps"),
            examples=("1234567T", "PPS number 1234567FA"),
            counter_examples=("1234567A",),
        ),
    )
