"""Moments as events write them, to whole microseconds since 1970 in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from bartizan.detections.sigma.modifiers import number_of

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST: Final = 253_402_300_800 * SECOND
"""The end of the year 9999."""
_DATE: Final = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ]?")
_FRACTION: Final = re.compile(r"([.,][0-9]{6})[0-9]+")


def parse_moment(value: object) -> datetime | None:
    """The moment that an event's value means, in the zone it is written in; UTC where it names none.

    Texts: ISO 8601, with ``T`` or a space, up to nanoseconds (cut to microseconds). Numbers, also as text: seconds
    since 1970 below 10**11, milliseconds below 10**14, microseconds below 10**17, else nanoseconds.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 64:
            return None
        if _DATE.match(text) is not None and not text.isdigit():
            moment = _from_text(text)
            if moment is None:
                moment = _from_text(_FRACTION.sub(r"\1", text.upper()).replace(" Z", "Z").replace(" UTC", "Z"))
            return moment
        number = number_of(text)
        return None if number is None else _from_number(number)
    return _from_number(value) if isinstance(value, int | float) else None


def _from_text(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _from_number(number: int | float) -> datetime | None:
    if isinstance(number, float) and number - number != 0:
        return None
    size = abs(number)
    if size < 10**11:
        scaled = number * SECOND
    elif size < 10**14:
        scaled = number * 1_000
    elif size < 10**17:
        scaled = number
    else:
        scaled = number // 1_000
    microseconds = round(scaled)
    if not 0 <= microseconds < _LARGEST:
        return None
    return EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC."""
    return (moment - EPOCH) // _MICROSECOND


def microseconds_of(value: object) -> int | None:
    """Whole microseconds since 1970 in UTC, None for what is no moment or lies before 1970 or past the year 9999."""
    moment = parse_moment(value)
    if moment is None:
        return None
    try:
        result = to_microseconds(moment)
    except OverflowError:
        return None
    return result if 0 <= result < _LARGEST else None


def show(microseconds: int) -> str:
    """ISO 8601 in UTC, with as many digits as it needs."""
    moment = EPOCH + timedelta(microseconds=microseconds)
    return moment.isoformat().replace("+00:00", "Z")
