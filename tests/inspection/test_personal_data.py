"""Personal data: what is found, under which rule, and what redaction keeps of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.passage import Surface
from bartizan.inspection.interface import View
from bartizan.inspection.personal_data import PERSONAL_DATA_PATTERNS, personal_data_detector
from bartizan.inspection.personal_data.dates import plausible
from bartizan.inspection.personal_data.national_americas import br_cnpj, us_ssn
from bartizan.inspection.personal_data.national_north_east_europe import baltic, tr_identity
from bartizan.inspection.personal_data.national_others import hk_identity, nz_ird, sg_nric
from bartizan.inspection.personal_data.payment import card, iban, mask_card, mask_iban

DETECTOR = personal_data_detector()


def rules(text: str, threshold: float = 0.5) -> set[str]:
    signals = DETECTOR.detect([View("original", text)], Surface.OUTPUT)
    return {signal.rule for signal in signals if signal.score >= threshold}


@pytest.mark.parametrize(
    "number",
    ["4111111111111111", "5555 5555 5555 4444", "2223003122003222", "378282246310005", "6011111111111117",
     "3056930009020004", "36227206271667", "3566002020360505", "6200000000000005", "2200770212727079"],
)  # fmt: skip
def test_test_cards_of_the_schemes(number: str) -> None:
    assert card(number)
    assert {"payment_card", "payment_card_grouped"} & rules(f"card {number}, thanks")


@given(st.integers(0, 10**16 - 1), st.sampled_from(["", " ", "-"]))
def test_a_masked_card_keeps_its_last_four_and_its_separators(number: int, mark: str) -> None:
    text = mark.join(f"{number:016}"[at : at + 4] for at in range(0, 16, 4))
    masked = mask_card(text)
    assert len(masked) == len(text)
    assert masked[-4:] == text[-4:]
    assert set(masked[:-4]) <= {"*", mark}


def test_redaction_keeps_the_format() -> None:
    signals = DETECTOR.detect([View("original", "4111 1111 1111 1111 and bob@corp.de")], Surface.OUTPUT)
    assert {signal.replacement for signal in signals} == {"**** **** **** 1111", "[EMAIL]"}
    assert mask_iban("DE89 3704 0044 0532 0130 00") == "DE** **** **** 3000"


def test_all_rows_of_one_identifier_show_one_name() -> None:
    (signal,) = DETECTOR.detect([View("original", "SSN: 512456789")], Surface.OUTPUT)
    assert signal.rule == "us_ssn_labelled"
    assert signal.replacement == "[REDACTED:us_ssn]"


@pytest.mark.parametrize("value", ["XX89370400440532013000", "DE8937040044053201300", "GB82WEST12345698765433"])
def test_wrong_ibans(value: str) -> None:
    assert not iban(value)


def test_nine_digits_alone_are_nothing() -> None:
    assert not rules("Your order 123456782 and 046454286 and 111222333 is on its way")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Ihre Steuer-Identifikationsnummer (IdNr.): 86095742719", "de_tax_id_labelled"),
        ("Mein Geburtsdatum ist 30.07.1985.", "date_of_birth"),
        ("Ruf mich an: +49 (0)30 901820", "phone_international_grouped"),
        ("Telefonnummer: 030 901820-11", "phone_labelled"),
        ("身份证号码：11010519491231002X。", "cn_resident"),
        ("Il mio codice fiscale è RSSMRA85T10A562S", "it_fiscal_code"),
        ("personnummer 19811228-9874", "se_personal_grouped"),
        (
            "MRZ P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
            "passport_mrz",
        ),
        ("address 2a00:1450:4001:81b::200e", "ipv6"),
        ("send to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ethereum_address"),
    ],
)
def test_found_in_context(text: str, rule: str) -> None:
    assert rule in rules(text)


def test_checks_reject_what_issuers_never_issue() -> None:
    assert us_ssn("912-70-1234")
    assert not us_ssn("912-69-1234")
    assert not plausible(2, 30)
    assert not plausible(13, 1)
    assert br_cnpj("12ABC34501DE35")
    assert not br_cnpj("00000000000000")
    assert sg_nric("T1234567J")
    assert sg_nric("G1234567X")
    assert not sg_nric("G1234567A")
    assert hk_identity("A123456(3")
    assert hk_identity("AB987654(3")
    assert nz_ird("49091850")
    assert nz_ird("136410132")
    assert not nz_ird("136410133")
    assert baltic("33309240064")
    assert not tr_identity("12345678901")


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    for signal in DETECTOR.detect([View("original", text)], Surface.OUTPUT):
        assert 0 <= signal.span.start < signal.span.end <= len(text)


@given(st.text(alphabet="0123456789 -./+()ABCXYZ:<", max_size=200))
def test_number_soup_is_survived(text: str) -> None:
    DETECTOR.detect([View("original", text)], Surface.OUTPUT)


@pytest.mark.parametrize("row", PERSONAL_DATA_PATTERNS, ids=lambda row: row.id)
def test_checks_survive_every_match_of_their_regex(row: object) -> None:
    import re2

    soup = "AB123456C 4111 1111 1111 1111 DE89370400440532013000 X1234567L 12.345.678-Z 131052-308T 1EG4-TE5-MK73 "
    for match in re2.compile(row.regex).finditer(soup + soup.lower()):  # type: ignore[attr-defined]
        assert row.check is None or row.check(match.group("hit") if "(?P<hit>" in row.regex else match.group()) in (
            True,
            False,
        )  # type: ignore[attr-defined]
