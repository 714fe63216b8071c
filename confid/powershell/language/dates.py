"""Dates as people type them: what .NET's DateTime.Parse reads in the invariant culture.

ISO 8601, month before day (`11/23/2026`), and names of months (`Nov 23 2026`,
`Mon, 23 Nov 2026 10:00:00 GMT`), each with or without a time. What lacks a year is of
this one, what lacks a date is of today, as in the engine.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TWO_DIGIT_YEAR_MAX = 2049  # .NET's Calendar.TwoDigitYearMax
_LONGEST = 64

_TIME = re.compile(
    r"""(?:^|[\sT])
        (?P<hour>[0-9]{1,2})
        (?: : (?P<minute>[0-9]{1,2})
            (?: : (?P<second>[0-9]{1,2}) (?: [.,] (?P<fraction>[0-9]+) )? )? )?
        \s* (?P<half>[AP]M?\b)?
        \s* (?P<zone>Z|GMT|UTC|[+-][0-9]{1,2}(?: :? [0-9]{2} )?)?
        \s* $""",
    re.VERBOSE | re.IGNORECASE,
)
_WORD = re.compile(r"[0-9]+|[a-z]+", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,/.-]*")


def parse_date(text: str) -> datetime | None:
    """Read a date and time; None if it can't be one.

    With a zone in the text the answer is aware, in UTC; else it is naive.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    try:
        return _parse(text)
    except (ValueError, OverflowError):  # the 30th of February, the year 10000
        return None


def _parse(text: str) -> datetime | None:
    found = _TIME.search(text)
    if found and not (found["minute"] or found["half"]):
        found = None  # a lone number is part of the date
    date_part = text[: found.start()] if found else text
    day = _date(date_part) if date_part.strip() else _today()
    if day is None or not found:
        return day
    fraction = (found["fraction"] or "")[:6].ljust(6, "0")
    moment = day + timedelta(
        hours=_hour(int(found["hour"]), found["half"]),
        minutes=_below_60(found["minute"]),
        seconds=_below_60(found["second"]),
        microseconds=int(fraction),
    )
    return _in_utc(moment, found["zone"])


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        if hour > 23:  # noqa: PLR2004 - hours of a day
            raise ValueError
        return hour
    if not 1 <= hour <= 12:  # noqa: PLR2004 - hours of half a day
        raise ValueError
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _below_60(digits: str | None) -> int:
    number = int(digits or 0)
    if number > 59:  # noqa: PLR2004 - minutes and seconds
        raise ValueError
    return number


def _in_utc(moment: datetime, zone: str | None) -> datetime:
    if zone is None:
        return moment
    if zone[0] not in "+-":
        return moment.replace(tzinfo=UTC)
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")  # noqa: PLR2004 - of an hour
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return moment.replace(tzinfo=timezone(offset if zone[0] == "+" else -offset)).astimezone(UTC)


def _today() -> datetime:
    now = datetime.now()  # noqa: DTZ005 - "today" is the reader's, as in .NET
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _date(text: str) -> datetime | None:
    numbers: list[str] = []
    month = weekday = None
    place = 0
    for found in _WORD.finditer(text):
        if _BETWEEN.fullmatch(text, place, found.start()) is None:
            return None
        place = found.end()
        word = found[0]
        if word[0] in "0123456789":
            numbers.append(word)
        elif month is None and (named := _named(word, _MONTHS)) is not None:
            month = named + 1
        elif weekday is None and (named := _named(word, _WEEKDAYS)) is not None:
            weekday = named
        else:
            return None
    if _BETWEEN.fullmatch(text, place) is None:
        return None
    day = _numbered(numbers) if month is None else _with_month(month, numbers)
    return day if day is None or weekday in (None, day.weekday()) else None


def _named(word: str, names: tuple[str, ...]) -> int | None:
    word = word.lower()
    for number, name in enumerate(names):
        if word in (name, name[:3]):
            return number
    return None


def _with_month(month: int, numbers: list[str]) -> datetime | None:
    match numbers:
        case [number] if _is_year(number):
            return datetime(_year(number), month, 1)  # noqa: DTZ001 - the text named no zone
        case [day]:
            return _today().replace(month=month, day=int(day))
        case [year, day] if _is_year(year):
            return datetime(_year(year), month, int(day))  # noqa: DTZ001 - the text named no zone
        case [day, year]:
            return datetime(_year(year), month, int(day))  # noqa: DTZ001 - the text named no zone
    return None


def _numbered(numbers: list[str]) -> datetime | None:
    match numbers:
        case [year, month, day] if _is_year(year):
            return datetime(_year(year), int(month), int(day))  # noqa: DTZ001 - the text named no zone
        case [month, day, year]:
            return datetime(_year(year), int(month), int(day))  # noqa: DTZ001 - the text named no zone
        case [year, month] if _is_year(year):
            return datetime(_year(year), int(month), 1)  # noqa: DTZ001 - the text named no zone
        case [month, year] if _is_year(year):
            return datetime(_year(year), int(month), 1)  # noqa: DTZ001 - the text named no zone
        case [month, day]:
            return _today().replace(month=int(month), day=int(day))
    return None


def _is_year(digits: str) -> bool:
    return len(digits) > 2  # noqa: PLR2004 - a day or a month has two digits at most


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:  # noqa: PLR2004 - see _is_year
        return year
    year += _TWO_DIGIT_YEAR_MAX // 100 * 100
    return year if year <= _TWO_DIGIT_YEAR_MAX else year - 100
