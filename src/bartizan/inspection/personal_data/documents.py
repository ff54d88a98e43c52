"""Travel documents, dates of birth, vehicles."""

from __future__ import annotations

from bartizan.core.threat import Severity
from bartizan.inspection.checksums import mrz, vin
from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.personal_data.dates import DATE, DATE_LENGTH
from bartizan.inspection.personal_data.formats import identifier, labelled, row


def mrz_lines(value: str) -> bool:
    """ICAO 9303 part 4: check digits of number, birth and expiry in the second line of a passport."""
    line = value[-44:].upper()
    return all(
        line[place].isdecimal() and mrz(line[start:place]) == int(line[place])
        for start, place in ((0, 9), (13, 19), (21, 27))
    )


def documents() -> tuple[Pattern, ...]:
    """Rows of documents and dates."""
    return (
        row(
            "passport_mrz",
            Extent.STEM,
            r"P<[A-Z]{3}[A-Z<]{39}[\r\n ]{1,3}[A-Z0-9<]{9}\d[A-Z<]{3}\d{7}[MFX<]\d{7}[A-Z0-9<]{14}[\d<]\d",
            96,
            check=mrz_lines,
            stems=("P<",),
            literals=("<<",),
            severity=Severity.HIGH,
            score=0.95,
            apart=False,
            examples=("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",),
            counter_examples=(
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C46UTO7408122F1204159ZE184226B<<<<<10",
            ),
        ),
        *identifier(
            "passport_number",
            compact=r"(?:[A-Z]{1,2}\d{6,8}|\d{9}|[A-Z0-9]{2}\d{7})",
            length=9,
            bare=False,
            labels=("passport", "reisepass", "passeport", "pasaporte", "paspoort"),
            examples=("Passport number: L8989012", "Reisepassnummer C01234567"),
            counter_examples=("L8989012",),
        ),
        *identifier(
            "driving_licence",
            compact=r"[A-Z]{0,5}\d{5,12}[A-Z0-9]{0,6}",
            length=22,
            bare=False,
            labels=("driver's license", "drivers license", "driver license", "driving licence", "führerschein"),
            examples=("Driver's License: D12345678", "driving licence number MORGA657054SM9IJ"),
            counter_examples=("D12345678",),
        ),
        labelled(
            "date_of_birth",
            (
                "date of birth",
                "birth date",
                "birthdate",
                "birthday",
                "born on",
                "geburtsdatum",
                "geboren am",
                "né le",
                "née le",
                "date de naissance",
                "fecha de nacimiento",
                "data di nascita",
                "data de nascimento",
                "geboortedatum",
                "data urodzenia",
                "дата рождения",
                "出生日期",
                "生年月日",
                "doğum tarihi",
                "dob",
                "d.o.b.",
            ),
            DATE,
            DATE_LENGTH,
            severity=Severity.MEDIUM,
            examples=(
                "Date of birth: 1985-07-30",
                "DOB: 07/30/1985",
                "geboren am 30. Juli 1985",
                "born on July 30, 1985",
            ),
            counter_examples=("released on July 30, 1985", "date of birth: unknown"),
        ),
        row(
            "vehicle_id",
            Extent.TOKEN,
            r"\b[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{4}\d{4}\b",
            19,
            check=vin,
            score=0.6,
            severity=Severity.LOW,
            examples=("1M8GDM9AXKP042788",),
            counter_examples=("1M8GDM9AXKP042789", "11111111111111110"),
        ),
    )
