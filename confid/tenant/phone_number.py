"""Dial-in numbers: read in any usual form, kept as digits, shown as people write them.

Source of the numbering plans: phonenumberslite, imported at the first number.
"""

from __future__ import annotations

import re
from functools import lru_cache

from confid.errors import InvalidArgumentError, shown
from confid.tenant.records import ServiceNumber

_SEPARATORS = re.compile(r"[ \-().\u00a0]")
_WITHOUT_NUMBERS = frozenset(["AQ", "BV", "GS", "HM", "PN", "TF", "UM"])
_E164 = re.compile(r"[1-9][0-9]{6,14}")


def parse(number: object, *, parameter: str = "service number") -> str:
    """The digits of an E.164 number, country code first, without `+`.

    Takes `14255550100`, `+14255550100`, `tel:+14255550100`, with the usual
    separators, and a number's record. Raises `InvalidArgumentError` that names
    `parameter` for anything else.
    """
    text = number.number if isinstance(number, ServiceNumber) else number
    if not isinstance(text, str):
        raise InvalidArgumentError(
            f"{parameter}: a {type(number).__name__} is no phone number. Give a text, such as "
            "+14255550100, or a service number's record.",
            target=type(number).__name__,
        )
    return _digits(text, parameter)


@lru_cache(maxsize=4096)
def _digits(number: str, parameter: str) -> str:
    text = number.strip()
    if text[:4].lower() == "tel:":
        text = text[4:]
    digits = _SEPARATORS.sub("", text).removeprefix("+")
    in_plan = _in_plan(text) if _E164.fullmatch(digits) else None
    if in_plan is None:
        raise InvalidArgumentError(
            f"{parameter}: {shown(number, 40)} is no telephone number. Write it as E.164: "
            "+14255550100, 14255550100 or tel:+14255550100, with a country code that exists.",
            target=number,
        )
    return in_plan


def _in_plan(text: str) -> str | None:
    """A number's digits as its country's plan has them: `+44 (0)20 …` loses the 0."""
    import phonenumbers  # noqa: PLC0415 - costs 30 ms, and many calls show no number

    try:
        parsed = phonenumbers.parse(f"+{text.removeprefix('+')}")
    except phonenumbers.NumberParseException:
        return None
    digits = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[1:]
    return digits if _E164.fullmatch(digits) else None


@lru_cache(maxsize=4096)
def display(digits: str) -> str:
    """A number as people write it: `+1 425-555-0100`."""
    import phonenumbers  # noqa: PLC0415 - costs 30 ms, and many calls show no number

    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=4096)
def country(digits: str) -> str | None:
    """The ISO 3166 code of a number's country; None for one of no country, as +800."""
    import phonenumbers  # noqa: PLC0415 - costs 30 ms, and many calls show no number

    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(parsed)
    if region is None and parsed.country_code is not None:
        region = phonenumbers.region_code_for_country_code(parsed.country_code)
    return region if region and region.isalpha() and region != "ZZ" else None


@lru_cache(maxsize=4096)
def is_toll_free(digits: str) -> bool:
    """Whether the numbering plan says that a call to this number costs the caller nothing."""
    import phonenumbers  # noqa: PLC0415 - costs 30 ms, and many calls show no number

    try:
        kind = phonenumbers.number_type(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False
    return bool(kind == phonenumbers.PhoneNumberType.TOLL_FREE)
