"""English (United States): what the messages say. Every language has these keys and places."""

from __future__ import annotations

SENTENCES = {
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
        "An administrator has reset your audio conferencing PIN. The earlier one no longer works."
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
    "link.reset_pin": "Reset your PIN",
    "heading.numbers": "Dial-in numbers",
    "link.find_local_number": "Find a local number",
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
    "link.update_meetings": "How to update meetings",
    "update.migration": (
        "Or let your administrator run a meeting migration, which updates all your future meetings."
    ),
    "heading.remove": "Take the dial-in details out of your existing meetings",
    "remove.why": (
        "Meetings that you sent before still show dial-in numbers and a conference ID that no "
        "longer work."
    ),
    "remove.step.open": (
        "Open each upcoming meeting in your calendar; for a recurring one, open the series."
    ),
    "remove.step.delete": ("Delete the dial-in numbers and the conference ID from the invitation."),
    "remove.step.send": "Send the update to everybody who is invited.",
    "remove.migration": (
        "Or let your administrator run a meeting migration, which does it for all your future "
        "meetings."
    ),
    "closing": (
        "This message was sent automatically. If you have questions, ask your administrator."
    ),
}
