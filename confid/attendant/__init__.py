"""The attendant: dial a number of a bridge, key in an ID and perhaps a PIN, and see who gets in.

Source of the rules: behaviour, attendant.
"""

from confid.attendant.calls import TRIES, Call, CallError, CallState, dial
from confid.attendant.prompts import PROMPTS, TRANSLATIONS
from confid.attendant.wrong_entries import CALLER_LIMIT, ORGANIZER_LIMIT, WINDOW

__all__ = [
    "CALLER_LIMIT",
    "ORGANIZER_LIMIT",
    "PROMPTS",
    "TRANSLATIONS",
    "TRIES",
    "WINDOW",
    "Call",
    "CallError",
    "CallState",
    "dial",
]
