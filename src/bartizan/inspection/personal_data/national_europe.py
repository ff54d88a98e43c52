"""European national identifiers, each with its issuer's check.

Rules as the issuers publish them; the test suite holds each check against published sample numbers.
"""

from __future__ import annotations

from bartizan.inspection.checksums import bare, digits, luhn, mod11_10, mrz, weighted
from bartizan.inspection.interface import Pattern
from bartizan.inspection.personal_data.dates import plausible
from bartizan.inspection.personal_data.formats import MARK, identifier

_NINO_EXCLUDED = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_PPS_CHECKS = "WABCDEFGHIJKLMNOPQRSTUV"
_CF_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16)
        + (10, 22, 25, 24, 23),
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


def pt_nif(value: str) -> bool:
    """NIF: weights 9 to 2, modulo 11."""
    n = digits(value)
    check = 11 - weighted(n, range(9, 1, -1)) % 11
    return (0 if check > 9 else check) == n[8]


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


def europe() -> tuple[Pattern, ...]:
    """Rows of European identifiers."""
    return (
        *identifier(
            "uk_nino", compact=r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", length=13, check=uk_nino,
            grouped=r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \d{2} \d{2} \d{2} [A-D]",
            labels=("national insurance", "nino"),
            examples=("NI: AB123456C", "it is AB 12 34 56 C.", "National Insurance number ab123456c"),
            counter_examples=("BG123456A", "model AB1234567C"),
        ),
        *identifier(
            "uk_nhs", compact=r"\d{10}", grouped=r"\d{3}[ -]\d{3}[ -]\d{4}", length=12, check=uk_nhs, bare=False,
            grouped_bare=False, labels=("nhs number", "nhs no", "nhs"),
            examples=("NHS number: 943 476 5919", "NHS No. is 9434765919"),
            counter_examples=("call 943 476 5919", "NHS number: 943 476 5918"),
        ),
        *identifier(
            "de_tax_id", compact=r"[1-9]\d{10}", grouped=r"[1-9]\d(?: \d{3}){3}", length=14, check=de_tax_id, bare=False,
            score=0.6,
            labels=("steuer-id", "steueridentifikationsnummer", "steuerliche identifikationsnummer", "idnr", "tax id"),
            examples=("Steuer-ID: 86095742719", "IdNr: 86 095 742 719"),
            counter_examples=("order 86095742719", "Steuer-ID: 86095742718"),
        ),
        *identifier(
            "de_id_card", compact=r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d", length=10, check=de_id_card,
            bare=False, labels=("personalausweis", "ausweisnummer", "ausweis-nr"),
            examples=("Personalausweisnummer: L01X00T471", "Ausweisnummer L01X00T471"),
            counter_examples=("Ausweisnummer L01X00T472",),
        ),
        *identifier(
            "fr_nir", compact=r"[1-478]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)\d[\dAB]\d{8}", length=21, check=fr_nir,
            grouped=rf"[1-478]{MARK}\d{{2}}{MARK}(?:0[1-9]|1[0-2]|[2-9]\d){MARK}\d[\dAB]{MARK}\d{{3}}{MARK}\d{{3}}{MARK}\d{{2}}",
            labels=("numéro de sécurité sociale", "numero de securite sociale", "insee"),
            examples=("255081416802538", "2 55 08 14 168 025 38"),
            counter_examples=("255081416802539",),
        ),
        *identifier(
            "es_dni", compact=r"(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]", grouped=r"\d{2}\.\d{3}\.\d{3}-[A-HJ-NP-TV-Z]",
            length=12, check=es_dni, score=0.75, labels=("dni", "nie", "nif"),
            examples=("DNI 12345678Z", "es X1234567L", "12.345.678-Z"),
            counter_examples=("12345678A", "commit 12345678f"),
        ),
        *identifier(
            "it_fiscal_code", length=16, check=it_fiscal, score=0.95,
            compact=r"[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]",
            labels=("codice fiscale",),
            examples=("RSSMRA85T10A562S", "codice fiscale rssmra85t10a562s"), counter_examples=("RSSMRA85T10A562T",),
        ),
        *identifier(
            "nl_bsn", compact=r"\d{9}", grouped=r"\d{4}[ .]\d{2}[ .]\d{3}", length=11, check=nl_bsn, bare=False,
            grouped_bare=False, labels=("bsn", "burgerservicenummer", "sofinummer"),
            examples=("BSN: 111222333", "burgerservicenummer 1112.22.333"), counter_examples=("111222333", "BSN: 111222334"),
        ),
        *identifier(
            "be_national", compact=r"\d{11}", grouped=r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", length=15, check=be_national,
            bare=False, labels=("rijksregisternummer", "numéro national", "numéro de registre national"),
            examples=("85.07.30-033.28", "Rijksregisternummer 85073003328"), counter_examples=("85.07.30-033.29",),
        ),
        *identifier(
            "pl_pesel", compact=r"\d{11}", length=11, check=pl_pesel, score=0.6, labels=("pesel",),
            examples=("44051401359", "PESEL: 44051401359"), counter_examples=("44051401358",),
        ),
        *identifier(
            "se_personal", grouped=r"(?:(?:19|20)?\d{6})[-+]\d{4}", compact=r"(?:19|20)?\d{10}", length=13, bare=False,
            check=se_personal, labels=("personnummer", "samordningsnummer"),
            examples=("811228-9874", "19811228-9874", "personnummer 8112289874"), counter_examples=("811228-9875",),
        ),
        *identifier(
            "fi_hetu", compact=r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]", length=11, check=fi_hetu,
            labels=("henkilötunnus", "hetu"), examples=("131052-308T", "hetu: 131052A308T"),
            counter_examples=("131052-308U",),
        ),
        *identifier(
            "pt_nif", compact=r"[1-9]\d{8}", grouped=r"\d{3} \d{3} \d{3}", length=11, check=pt_nif, bare=False,
            grouped_bare=False, labels=("nif", "contribuinte", "número de identificação fiscal"),
            examples=("NIF: 123456789", "contribuinte n.º 123 456 789"), counter_examples=("123456789", "NIF: 123456788"),
        ),
        *identifier(
            "dk_cpr", compact=r"\d{10}", grouped=r"\d{6}-\d{4}", length=11, check=dk_cpr, bare=False, grouped_bare=False,
            labels=("cpr", "cpr-nummer", "personnummer"), examples=("CPR: 211062-5629",), counter_examples=("211062-5629",),
        ),
        *identifier(
            "no_birth", compact=r"\d{11}", grouped=r"\d{6} \d{5}", length=12, check=no_birth,
            labels=("fødselsnummer", "personnummer"), examples=("15108695088", "fødselsnummer 151086 95088"),
            counter_examples=("15108695089",),
        ),
        *identifier(
            "ch_ahv", compact=r"756\d{10}", grouped=r"756\.\d{4}\.\d{4}\.\d{2}", length=16, check=ch_ahv,
            labels=("ahv", "ahv-nummer", "numéro avs"), examples=("756.9217.0769.85", "AHV: 7569217076985"),
            counter_examples=("756.9217.0769.84",),
        ),
        *identifier(
            "at_social", compact=r"[1-9]\d{9}", grouped=r"[1-9]\d{3} \d{6}", length=11, check=at_social, bare=False,
            grouped_bare=False, labels=("sozialversicherungsnummer", "svnr", "sv-nummer"),
            examples=("SVNR: 1237 010180", "Sozialversicherungsnummer 1237010180"), counter_examples=("SVNR: 1238 010180",),
        ),
        *identifier(
            "ie_pps", compact=r"\d{7}[A-W][A-IW]?", length=9, check=ie_pps, score=0.6, labels=("pps number", "ppsn", "pps"),
            examples=("1234567T", "PPS number 1234567FA"), counter_examples=("1234567A",),
        ),
        *identifier(
            "cz_birth", compact=r"\d{6}/\d{4}", length=11, check=cz_birth,
            labels=("rodné číslo", "rodné čislo", "rodne cislo"), examples=("736028/5163", "rodné číslo: 736028/5163"),
            counter_examples=("736028/5164", "123456/2024"),
        ),
        *identifier(
            "ro_cnp", compact=r"[1-9]\d{12}", length=13, check=ro_cnp, score=0.6, labels=("cnp", "cod numeric personal"),
            examples=("CNP: 1630615123457", "1630615123457"), counter_examples=("1630615123458",),
        ),
        *identifier(
            "hr_oib", compact=r"\d{11}", length=11, check=mod11_10, bare=False, labels=("oib",),
            examples=("OIB: 33392005961",), counter_examples=("33392005961", "OIB: 33392005962"),
        ),
        *identifier(
            "baltic_code", compact=r"[1-6]\d{10}", length=11, check=baltic, score=0.6,
            labels=("isikukood", "asmens kodas"), examples=("37605030299", "asmens kodas 33309240064"),
            counter_examples=("37605030298",),
        ),
        *identifier(
            "tr_identity", compact=r"[1-9]\d{10}", length=11, check=tr_identity, score=0.6,
            labels=("t.c. kimlik", "tc kimlik", "kimlik no", "tckn"), examples=("10000000146", "TCKN: 10000000146"),
            counter_examples=("10000000147",),
        ),
        *identifier(
            "bg_egn", compact=r"\d{10}", length=10, check=bg_egn, bare=False, labels=("егн", "egn"),
            examples=("ЕГН: 7523169263",), counter_examples=("7523169263",),
        ),
        *identifier(
            "gr_amka", compact=r"\d{11}", length=11, check=gr_amka, bare=False, labels=("amka", "αμκα"),
            examples=("AMKA: 01013099997",), counter_examples=("01013099997",),
        ),
    )  # fmt: skip
