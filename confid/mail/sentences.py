"""What the messages say, one table a language; `pick` finds the one for a reader.

Another language is another entry of `SENTENCES` with the same keys and the
same `{places}`, and one of `COUNTRIES`. `direction` is how its script runs.
"""

from __future__ import annotations

import attrs

from confid.mail.countries import COUNTRIES

DEFAULT = "en-US"

SENTENCES: dict[str, dict[str, str]] = {
    "en-US": {
        "direction": "ltr",
        "sender": "Audio Conferencing",
        "subject.enabled": "You have been enabled for audio conferencing",
        "subject.conference_id_reset": "Your conference ID has been reset",
        "subject.number_changed": "Your default dial-in numbers have changed",
        "subject.pin_reset": "Your audio conferencing PIN has been reset",
        "subject.conference_id_reset+number_changed": (
            "Your conference ID has been reset, and your default dial-in numbers have changed"
        ),
        "subject.conference_id_reset+pin_reset": (
            "Your conference ID and your audio conferencing PIN have been reset"
        ),
        "subject.number_changed+pin_reset": (
            "Your default dial-in numbers have changed, and your PIN has been reset"
        ),
        "subject.conference_id_reset+number_changed+pin_reset": (
            "Your conference ID and PIN have been reset, and your dial-in numbers have changed"
        ),
        "subject.disabled": "You have been disabled for audio conferencing",
        "subject.conference_info": "Your audio conferencing information",
        "greeting": "Hello {name},",
        "greeting.nameless": "Hello,",
        "opening.enabled": (
            "You have been enabled for audio conferencing: people can join the meetings that you "
            "organize by phone. They call one of the numbers below and enter your conference ID."
        ),
        "opening.conference_id_reset": (
            "Your conference ID has been reset. Callers need the new one, which is below; the "
            "earlier one no longer works."
        ),
        "opening.number_changed": (
            "The default dial-in numbers of your meetings have changed. The new ones are below."
        ),
        "opening.pin_reset": (
            "An administrator has reset your audio conferencing PIN. The earlier one no longer "
            "works."
        ),
        "opening.disabled": (
            "You have been disabled for audio conferencing. Nobody can join your meetings by phone "
            "any more: your conference ID no longer works, and nobody else will get it."
        ),
        "opening.conference_info": (
            "Here is your audio conferencing information. People join the meetings that you "
            "organize by phone when they call one of the numbers below and enter your conference "
            "ID."
        ),
        "heading.details": "Your details",
        "label.conference_id": "Conference ID",
        "label.pin": "PIN",
        "pin.use": (
            "The PIN is for you alone: it shows that you are the organizer when you start one of "
            "your meetings by phone. When asked, enter it followed by #."
        ),
        "pin.lost": (
            "Keep this PIN safe. It can't be sent again; if it gets lost, ask your administrator "
            "to reset it."
        ),
        "heading.numbers": "Dial-in numbers",
        "number": "{number} ({kind})",
        "number.city": "{number}, {city} ({kind})",
        "toll": "toll",
        "toll_free": "toll-free",
        "country.none": "International",
        "heading.update": "Update your existing meetings",
        "update.enabled": (
            "Meetings that you scheduled before don't say yet how to join them by phone."
        ),
        "update.conference_id_reset": (
            "Meetings that you sent before carry the earlier conference ID, which no longer works. "
            "Callers can't join them by phone before they are updated."
        ),
        "update.number_changed": "Meetings that you sent before show the earlier numbers.",
        "update.step.open": (
            "Open each upcoming meeting in your calendar; for a recurring one, open the series."
        ),
        "update.step.check": (
            "Make sure that the invitation shows the conference ID and the numbers above."
        ),
        "update.step.send": "Send the update to everybody who is invited.",
        "update.migration": (
            "Or let your administrator run a meeting migration, which updates all your future "
            "meetings."
        ),
        "heading.remove": "Take the dial-in details out of your existing meetings",
        "remove.why": (
            "Meetings that you sent before still show dial-in numbers and a conference ID that no "
            "longer work."
        ),
        "remove.step.open": (
            "Open each upcoming meeting in your calendar; for a recurring one, open the series."
        ),
        "remove.step.delete": (
            "Delete the dial-in numbers and the conference ID from the invitation."
        ),
        "remove.step.send": "Send the update to everybody who is invited.",
        "remove.migration": (
            "Or let your administrator run a meeting migration, which does it for all your future "
            "meetings."
        ),
        "closing": (
            "This message was sent automatically. If you have questions, ask your administrator."
        ),
    },
}
"""Language (BCP 47) to key to sentence."""


@attrs.frozen
class Language:
    """A language that messages can be written in."""

    tag: str

    def say(self, key: str, **places: str) -> str:
        """The sentence of that key, its places filled. A key that isn't there is a KeyError."""
        return SENTENCES[self.tag][key].format(**places)

    def country(self, code: str | None) -> str:
        """A country's name by its ISO code; the code for one without a name."""
        if code is None:
            return self.say("country.none")
        return COUNTRIES.get(self.tag, {}).get(code, code)


def pick(tag: str | None) -> Language:
    """The language for a reader's preferred one: that one, else its sister, else en-US."""
    wanted = (tag or "").strip().replace("_", "-").casefold()
    primary = wanted.partition("-")[0]
    for fits in (wanted.__eq__, lambda known: known.partition("-")[0] == primary):
        for known in SENTENCES:
            if fits(known.casefold()):
                return Language(known)
    return Language(DEFAULT)
