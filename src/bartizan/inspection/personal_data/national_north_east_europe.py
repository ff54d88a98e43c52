"""Northern, central and eastern European national identifiers, each with its issuer's check."""

from __future__ import annotations

from bartizan.inspection.checksums import digits, luhn, mod11_10, weighted
from bartizan.inspection.interface import Pattern
from bartizan.inspection.personal_data.dates import plausible
from bartizan.inspection.personal_data.formats import identifier

_HETU_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def pl_pesel(value: str) -> bool:
    """PESEL: weights 1, 3, 7, 9; the century is in the month."""
    n = digits(value)
    month = (n[2] * 10 + n[3]) % 20
    return plausible(month, n[4] * 10 + n[5]) and weighted(n, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def se_personal(value: str) -> bool:
    """Personnummer: Luhn over ten digits; coordination numbers add 60 to the day."""
    n = digits(value)[-10:]
    day = n[4] * 10 + n[5]
    return plausible(n[2] * 10 + n[3], day - 60 if day > 60 else day) and luhn("".join(map(str, n)))


def fi_hetu(value: str) -> bool:
    """Henkilötunnus: check character modulo 31 over date and individual number."""
    text = value.upper()
    number = int(text[:6] + text[7:10])
    return plausible(int(text[2:4]), int(text[:2])) and _HETU_CHECKS[number % 31] == text[10]


def dk_cpr(value: str) -> bool:
    """CPR number: a date; the old modulus is no longer kept by new numbers."""
    n = digits(value)
    return plausible(n[2] * 10 + n[3], n[0] * 10 + n[1])


def no_birth(value: str) -> bool:
    """Fødselsnummer: two check digits modulo 11; D-numbers add 40 to the day."""
    n = digits(value)
    return (
        plausible((n[2] * 10 + n[3]) % 40, (n[0] * 10 + n[1]) % 40)
        and weighted(n, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11 == 0
        and weighted(n, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    )


def cz_birth(value: str) -> bool:
    """Rodné číslo: divisible by 11; the month carries sex (+50) and overflow (+20)."""
    n = digits(value)
    number = int("".join(map(str, n)))
    month = (n[2] * 10 + n[3]) % 50
    return plausible(month - 20 if month > 20 else month, n[4] * 10 + n[5]) and number % 11 == 0


def ro_cnp(value: str) -> bool:
    """CNP: weights 279146358279, modulo 11, ten counts one."""
    n = digits(value)
    check = weighted(n, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return plausible(n[3] * 10 + n[4], n[5] * 10 + n[6]) and (1 if check == 10 else check) == n[12]


def baltic(value: str) -> bool:
    """Estonian and Lithuanian personal code: two rounds of weights, modulo 11."""
    n = digits(value)
    check = weighted(n, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:
        check = weighted(n, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return plausible(n[3] * 10 + n[4], n[5] * 10 + n[6]) and check == n[10]


def tr_identity(value: str) -> bool:
    """T.C. Kimlik No: two check digits."""
    n = digits(value)
    return (sum(n[0:9:2]) * 7 - sum(n[1:8:2])) % 10 == n[9] and sum(n[:10]) % 10 == n[10]


def bg_egn(value: str) -> bool:
    """EGN: weights modulo 11 modulo 10; the century is in the month."""
    n = digits(value)
    month = (n[2] * 10 + n[3]) % 20
    return plausible(month, n[4] * 10 + n[5]) and weighted(n, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == n[9]


def gr_amka(value: str) -> bool:
    """AMKA: a date, then Luhn."""
    n = digits(value)
    return plausible(n[2] * 10 + n[3], n[0] * 10 + n[1]) and luhn(value)


def north_east_europe() -> tuple[Pattern, ...]:
    """Rows of these identifiers."""
    return (
        *identifier(
            "pl_pesel",
            compact=r"\d{11}",
            length=11,
            check=pl_pesel,
            score=0.6,
            labels=("pesel",),
            examples=("44051401359", "PESEL: 44051401359"),
            counter_examples=("44051401358",),
        ),
        *identifier(
            "se_personal",
            grouped=r"(?:(?:19|20)?\d{6})[-+]\d{4}",
            compact=r"(?:19|20)?\d{10}",
            length=13,
            bare=False,
            check=se_personal,
            labels=("personnummer", "samordningsnummer"),
            examples=("811228-9874", "19811228-9874", "personnummer 8112289874"),
            counter_examples=("811228-9875",),
        ),
        *identifier(
            "fi_hetu",
            compact=r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]",
            length=11,
            check=fi_hetu,
            labels=("henkilötunnus", "hetu"),
            examples=("131052-308T", "hetu: 131052A308T"),
            counter_examples=("131052-308U",),
        ),
        *identifier(
            "dk_cpr",
            compact=r"\d{10}",
            grouped=r"\d{6}-\d{4}",
            length=11,
            check=dk_cpr,
            bare=False,
            grouped_bare=False,
            labels=("cpr", "cpr-nummer", "personnummer"),
            examples=("CPR: 211062-5629",),
            counter_examples=("211062-5629",),
        ),
        *identifier(
            "no_birth",
            compact=r"\d{11}",
            grouped=r"\d{6} \d{5}",
            length=12,
            check=no_birth,
            labels=("fødselsnummer", "personnummer"),
            examples=("15108695088", "fødselsnummer 151086 95088"),
            counter_examples=("15108695089",),
        ),
        *identifier(
            "cz_birth",
            compact=r"\d{6}/\d{4}",
            length=11,
            check=cz_birth,
            labels=("rodné číslo", "rodné čislo", "rodne cislo"),
            examples=("736028/5163", "rodné číslo: 736028/5163"),
            counter_examples=("736028/5164", "123456/2024"),
        ),
        *identifier(
            "ro_cnp",
            compact=r"[1-9]\d{12}",
            length=13,
            check=ro_cnp,
            score=0.6,
            labels=("cnp", "cod numeric personal"),
            examples=("CNP: 1630615123457", "1630615123457"),
            counter_examples=("1630615123458",),
        ),
        *identifier(
            "hr_oib",
            compact=r"\d{11}",
            length=11,
            check=mod11_10,
            bare=False,
            labels=("oib",),
            examples=("OIB: 33392005961",),
            counter_examples=("33392005961", "OIB: 33392005962"),
        ),
        *identifier(
            "baltic_code",
            compact=r"[1-6]\d{10}",
            length=11,
            check=baltic,
            score=0.6,
            labels=("isikukood", "asmens kodas"),
            examples=("37605030299", "asmens kodas 33309240064"),
            counter_examples=("37605030298",),
        ),
        *identifier(
            "tr_identity",
            compact=r"[1-9]\d{10}",
            length=11,
            check=tr_identity,
            score=0.6,
            labels=("t.c. kimlik", "tc kimlik", "kimlik no", "tckn"),
            examples=("10000000146", "TCKN: 10000000146"),
            counter_examples=("10000000147",),
        ),
        *identifier(
            "bg_egn",
            compact=r"\d{10}",
            length=10,
            check=bg_egn,
            bare=False,
            labels=("егн", "egn"),
            examples=("ЕГН: 7523169263",),
            counter_examples=("7523169263",),
        ),
        *identifier(
            "gr_amka",
            compact=r"\d{11}",
            length=11,
            check=gr_amka,
            bare=False,
            labels=("amka", "αμκα"),
            examples=("AMKA: 01013099997",),
            counter_examples=("01013099997",),
        ),
    )
