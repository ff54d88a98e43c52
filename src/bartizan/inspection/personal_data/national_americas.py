"""National identifiers of the Americas, each with its issuer's check."""

from __future__ import annotations

from bartizan.inspection.checksums import bare, digits, luhn, weighted
from bartizan.inspection.interface import Pattern
from bartizan.inspection.personal_data.dates import plausible
from bartizan.inspection.personal_data.formats import MARK, identifier

_CURP_ALPHABET = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_ITIN_GROUPS = frozenset({*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)})


def us_ssn(value: str) -> bool:
    """Social Security Administration: areas, groups and serials that are never issued; or an IRS ITIN."""
    n = "".join(map(str, digits(value)))
    area, group, serial = n[:3], n[3:5], n[5:]
    if area[0] == "9":
        return int(group) in _ITIN_GROUPS
    return area not in ("000", "666") and group != "00" and serial != "0000"


def us_routing(value: str) -> bool:
    """ABA routing number: weights 3, 7, 1."""
    n = digits(value)
    return any(n) and weighted(n, (3, 7, 1) * 3) % 10 == 0


def ca_sin(value: str) -> bool:
    """Social Insurance Number: Luhn; 0 and 8 are not first digits of persons."""
    return value[0] not in "8" and any(digits(value)) and luhn(value)


def br_cpf(value: str) -> bool:
    """CPF: two check digits modulo 11; repeated digits are not issued."""
    n = digits(value)
    return (
        len(set(n)) > 1
        and weighted(n, range(10, 1, -1)) * 10 % 11 % 10 == n[9]
        and weighted(n, range(11, 1, -1)) * 10 % 11 % 10 == n[10]
    )


def br_cnpj(value: str) -> bool:
    """CNPJ, numeric and alphanumeric (2026): characters count their ASCII code less 48."""
    n = [ord(character) - 48 for character in bare(value)]
    weights = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    first = 11 - weighted(n, weights) % 11
    second = 11 - weighted(n, (6, *weights)) % 11
    return any(n) and n[12] == (0 if first > 9 else first) and n[13] == (0 if second > 9 else second)


def ar_cuit(value: str) -> bool:
    """CUIT and CUIL: weights 5 4 3 2 7 6, modulo 11."""
    n = digits(value)
    return (11 - weighted(n, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11 == n[10]


def cl_rut(value: str) -> bool:
    """RUT: weights 2 to 7 from the right, modulo 11; ten is K."""
    text = bare(value)
    check = (11 - weighted([int(c) for c in reversed(text[:-1])], (2, 3, 4, 5, 6, 7, 2, 3)) % 11) % 11
    return ("K" if check == 10 else str(check)) == text[-1]


def mx_curp(value: str) -> bool:
    """CURP: date and check digit over an alphabet with Ñ."""
    text = value.upper()
    total = sum(_CURP_ALPHABET.index(character) * (18 - place) for place, character in enumerate(text[:17]))
    return plausible(int(text[6:8]), int(text[8:10])) and str(-total % 10) == text[17]


def americas() -> tuple[Pattern, ...]:
    """Rows of American identifiers."""
    return (
        *identifier(
            "us_ssn",
            compact=r"\d{9}",
            grouped=rf"\d{{3}}{MARK}\d{{2}}{MARK}\d{{4}}",
            length=11,
            check=us_ssn,
            bare=False,
            score=0.85,
            labels=("ssn", "social security", "itin", "taxpayer identification"),
            examples=("my SSN is 512-45-6789", "512 45 6789", "social security number: 512456789"),
            counter_examples=("000-12-3456", "666-12-3456", "123-00-4567", "512-45-0000", "512-45-6789-1", "512456789"),
        ),
        *identifier(
            "us_medicare",
            length=13,
            grouped=r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-[AC-HJKMNP-RT-Y]{2}\d{2}",
            compact=r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d[AC-HJKMNP-RT-Y]{2}\d{2}",
            bare=False,
            labels=("mbi", "medicare beneficiary", "medicare number"),
            examples=("1EG4-TE5-MK73", "MBI: 1EG4TE5MK73"),
            counter_examples=("1EG4TE5MK73", "1SG4-TE5-MK73"),
        ),
        *identifier(
            "us_bank_routing",
            compact=r"\d{9}",
            length=9,
            check=us_routing,
            bare=False,
            labels=("routing number", "aba routing", "routing no"),
            examples=("routing number: 021000021",),
            counter_examples=("021000021", "routing number: 021000022"),
        ),
        *identifier(
            "ca_sin",
            compact=r"\d{9}",
            grouped=r"\d{3}[ -]\d{3}[ -]\d{3}",
            length=11,
            check=ca_sin,
            bare=False,
            grouped_bare=False,
            labels=("sin", "social insurance", "numéro d'assurance sociale"),
            examples=("SIN: 046 454 286", "social insurance number 046454286"),
            counter_examples=("046 454 286", "SIN: 046 454 287"),
        ),
        *identifier(
            "br_cpf",
            compact=r"\d{11}",
            grouped=r"\d{3}\.\d{3}\.\d{3}-\d{2}",
            length=14,
            check=br_cpf,
            score=0.6,
            labels=("cpf",),
            examples=("390.533.447-05", "CPF 39053344705", "CPF: 39053344705"),
            counter_examples=("111.111.111-11", "390.533.447-06"),
        ),
        *identifier(
            "br_cnpj",
            compact=r"\d{14}",
            grouped=r"[A-Z\d]{2}\.[A-Z\d]{3}\.[A-Z\d]{3}/[A-Z\d]{4}-\d{2}",
            length=18,
            check=br_cnpj,
            score=0.6,
            labels=("cnpj",),
            examples=("11.222.333/0001-81", "12.ABC.345/01DE-35", "CNPJ: 11222333000181"),
            counter_examples=("11.222.333/0001-82",),
        ),
        *identifier(
            "ar_cuit",
            compact=r"(?:2[03457]|3[034])\d{9}",
            grouped=r"(?:2[03457]|3[034])-\d{8}-\d",
            length=13,
            check=ar_cuit,
            bare=False,
            labels=("cuit", "cuil"),
            examples=("20-12345678-6", "CUIT: 20055361682"),
            counter_examples=("20-12345678-5",),
        ),
        *identifier(
            "cl_rut",
            compact=r"\d{7,8}-[\dKk]",
            grouped=r"\d{1,2}\.\d{3}\.\d{3}-[\dKk]",
            length=12,
            check=cl_rut,
            bare=False,
            labels=("rut", "rol único tributario"),
            examples=("12.345.678-5", "RUT: 76086428-5"),
            counter_examples=("12.345.678-6", "12345678-5"),
        ),
        *identifier(
            "mx_curp",
            length=18,
            check=mx_curp,
            score=0.95,
            labels=("curp",),
            compact=r"[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[\dA-Z]\d",
            examples=("HEGG560427MVZRRL04", "CURP: boxw310820hnerxn09"),
            counter_examples=("HEGG560427MVZRRL05",),
        ),
    )
