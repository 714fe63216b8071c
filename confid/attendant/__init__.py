"""The attendant: dial a bridge's number, key in an ID and perhaps a PIN, and join the meeting.

Source of the rules: behaviour, attendant.
"""

from confid.attendant.calls import TRIES, Call, CallError, CallState, dial
from confid.attendant.prompts import PROMPTS, TRANSLATIONS
from confid.attendant.running_meeting import ABANDONED_AFTER, LOBBY_LIMIT
from confid.attendant.wrong_entries import CALLER_LIMIT, ORGANIZER_LIMIT, WINDOW

__all__ = [
    "ABANDONED_AFTER",
    "CALLER_LIMIT",
    "LOBBY_LIMIT",
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
