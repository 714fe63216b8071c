"""The attendant: dial a number of a bridge, key in an ID and perhaps a PIN, and see who gets in.

Source of the rules: behaviour, attendant.
"""

from confid.attendant.calls import TRIES, Call, CallError, CallState, dial
from confid.attendant.guessing import CALLER_LIMIT, ORGANIZER_LIMIT, WINDOW
from confid.attendant.prompts import PROMPTS, TRANSLATIONS

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
