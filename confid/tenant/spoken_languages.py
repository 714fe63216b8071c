"""The languages that the attendant can be set to speak: their codes and English names.

Source of the list: behaviour, numbers and bridges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.errors import InvalidArgumentError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = "en-US"
"""The primary language of a number that nobody has given another one."""

SECONDARY_AT_MOST = 4

SUPPORTED = {
    "ar-SA": "Arabic (Saudi Arabia)",
    "bg-BG": "Bulgarian (Bulgaria)",
    "zh-HK": "Chinese (Hong Kong SAR)",
    "zh-CN": "Chinese (China)",
    "zh-TW": "Chinese (Taiwan)",
    "hr-HR": "Croatian (Croatia)",
    "cs-CZ": "Czech (Czechia)",
    "da-DK": "Danish (Denmark)",
    "nl-NL": "Dutch (Netherlands)",
    "en-AU": "English (Australia)",
    "en-GB": "English (United Kingdom)",
    "en-US": "English (United States)",
    "et-EE": "Estonian (Estonia)",
    "fil-PH": "Filipino (Philippines)",
    "fi-FI": "Finnish (Finland)",
    "fr-CA": "French (Canada)",
    "fr-FR": "French (France)",
    "de-DE": "German (Germany)",
    "ka-GE": "Georgian (Georgia)",
    "el-GR": "Greek (Greece)",
    "he-IL": "Hebrew (Israel)",
    "hi-IN": "Hindi (India)",
    "hu-HU": "Hungarian (Hungary)",
    "id-ID": "Indonesian (Indonesia)",
    "it-IT": "Italian (Italy)",
    "ja-JP": "Japanese (Japan)",
    "ko-KR": "Korean (Korea)",
    "lv-LV": "Latvian (Latvia)",
    "lt-LT": "Lithuanian (Lithuania)",
    "ms-MY": "Malay (Malaysia)",
    "nb-NO": "Norwegian, Bokmål (Norway)",
    "pl-PL": "Polish (Poland)",
    "pt-BR": "Portuguese (Brazil)",
    "pt-PT": "Portuguese (Portugal)",
    "ro-RO": "Romanian (Romania)",
    "ru-RU": "Russian (Russia)",
    "sk-SK": "Slovak (Slovakia)",
    "sl-SI": "Slovenian (Slovenia)",
    "es-MX": "Spanish (Mexico)",
    "es-ES": "Spanish (Spain)",
    "sv-SE": "Swedish (Sweden)",
    "th-TH": "Thai (Thailand)",
    "tr-TR": "Turkish (Türkiye)",
    "uk-UA": "Ukrainian (Ukraine)",
}

_BY_FOLDED = {code.lower(): code for code in SUPPORTED}


def checked_language(text: object, *, parameter: str) -> str:
    """The supported code that a text is, in any casing.

    Raises `InvalidArgumentError` that lists the codes for anything else.
    """
    code = _BY_FOLDED.get(text.strip().lower()) if isinstance(text, str) else None
    if code is None:
        raise InvalidArgumentError(
            f"{parameter}: {shown(text, 40)} is no supported language. There are "
            f"{', '.join(SUPPORTED)}.",
            target=text,
            error_id="LanguageNotSupported",
        )
    return code


def checked_secondary(texts: Sequence[object], primary: str) -> tuple[str, ...]:
    """The codes of secondary languages in the order given: at most four, each another one.

    Raises `InvalidArgumentError` for a fifth, one that isn't supported, one
    that comes twice, and the primary one.
    """
    parameter = "SecondaryLanguages"
    codes = tuple(checked_language(text, parameter=parameter) for text in texts)
    if len(codes) > SECONDARY_AT_MOST:
        raise InvalidArgumentError(
            f"{parameter}: a number has at most {SECONDARY_AT_MOST}, not {len(codes)}.",
            target=codes,
            error_id="TooManyLanguages",
        )
    if len({primary, *codes}) != 1 + len(codes):
        raise InvalidArgumentError(
            f"{parameter}: {', '.join(codes)} with the primary language {primary} names a "
            "language twice.",
            target=codes,
            error_id="LanguageRepeated",
        )
    return codes
