"""The attendant's prompts: a table for each language.

Another language is another entry of `TRANSLATIONS`, with the same keys and
the same fields in braces. `language_choice` is in the language that it offers.
"""

from __future__ import annotations

from confid.tenant.spoken_languages import DEFAULT

PROMPTS = {
    "welcome": "Welcome. Enter the conference ID, followed by the pound key.",
    "language_choice": "For American English, press {key}.",
    "wrong_id": "There is no meeting with that conference ID. Please try again.",
    "goodbye": "Goodbye.",
    "blocked": "Too many wrong entries. Please call again later.",
    "toll_free_off": (
        "This meeting can't be joined on a toll-free number. Please dial a toll number from "
        "the invitation."
    ),
    "organizer": "If you are the organizer, press star; otherwise press pound.",
    "pin": "Enter your PIN, followed by the pound key.",
    "wrong_pin": "That PIN is not right. Please try again.",
    "pin_closed": "This meeting can't be started by phone right now.",
    "record_name": "After the tone, say your name.",
    "lobby": "The meeting has not started. Please wait for the organizer.",
    "joining": "You are joining the meeting now.",
    "id_changed": "The conference ID has changed. Enter the new one.",
    "entered_name": "{name} has joined.",
    "entered_nameless": "A caller has joined.",
    "entered_tone": "[rising tone]",
    "left_name": "{name} has left.",
    "left_nameless": "A caller has left.",
    "left_tone": "[falling tone]",
}
"""The prompts in en-US, also used for languages without a translation."""

TRANSLATIONS: dict[str, dict[str, str]] = {
    DEFAULT: PROMPTS,
    "en-GB": {
        **PROMPTS,
        "welcome": "Welcome. Enter the conference ID, followed by the hash key.",
        "language_choice": "For British English, press {key}.",
        "blocked": "Too many wrong entries. Please ring again later.",
        "toll_free_off": (
            "This meeting can't be joined on a freephone number. Please dial another number from "
            "the invitation."
        ),
        "organizer": "If you are the organiser, press star; otherwise press hash.",
        "pin": "Enter your PIN, followed by the hash key.",
        "pin_closed": "This meeting can't be started by phone at the moment.",
        "lobby": "The meeting has not started. Please wait for the organiser.",
    },
    "de-DE": {
        "welcome": "Willkommen. Geben Sie die Konferenz-ID ein und drücken Sie die Rautetaste.",
        "language_choice": "Für Deutsch drücken Sie die {key}.",
        "wrong_id": (
            "Es gibt keine Besprechung mit dieser Konferenz-ID. Bitte versuchen Sie es noch einmal."
        ),
        "goodbye": "Auf Wiederhören.",
        "blocked": "Zu viele falsche Eingaben. Bitte rufen Sie später wieder an.",
        "toll_free_off": (
            "An dieser Besprechung können Sie nicht über eine gebührenfreie Nummer teilnehmen. "
            "Bitte wählen Sie eine gebührenpflichtige Nummer aus der Einladung."
        ),
        "organizer": (
            "Wenn Sie die Besprechung organisieren, drücken Sie die Sterntaste; sonst drücken Sie "
            "die Rautetaste."
        ),
        "pin": "Geben Sie Ihre PIN ein und drücken Sie die Rautetaste.",
        "wrong_pin": "Diese PIN ist nicht richtig. Bitte versuchen Sie es noch einmal.",
        "pin_closed": "Diese Besprechung kann zurzeit nicht per Telefon gestartet werden.",
        "record_name": "Sagen Sie nach dem Signalton Ihren Namen.",
        "lobby": (
            "Die Besprechung hat noch nicht begonnen. Bitte warten Sie auf die Person, die sie "
            "organisiert."
        ),
        "joining": "Sie nehmen jetzt an der Besprechung teil.",
        "id_changed": "Die Konferenz-ID hat sich geändert. Geben Sie die neue ein.",
        "entered_name": "{name} nimmt jetzt teil.",
        "entered_nameless": "Eine anrufende Person nimmt jetzt teil.",
        "entered_tone": "[ansteigender Signalton]",
        "left_name": "{name} hat die Besprechung verlassen.",
        "left_nameless": "Eine anrufende Person hat die Besprechung verlassen.",
        "left_tone": "[abfallender Signalton]",
    },
    "fr-FR": {
        "welcome": "Bienvenue. Saisissez l'ID de conférence, suivi de la touche dièse.",
        "language_choice": "Pour le français, appuyez sur le {key}.",
        "wrong_id": "Aucune réunion ne correspond à cet ID de conférence. Veuillez réessayer.",
        "goodbye": "Au revoir.",
        "blocked": "Trop de saisies incorrectes. Veuillez rappeler plus tard.",
        "toll_free_off": (
            "Il n'est pas possible de rejoindre cette réunion par un numéro gratuit. Veuillez "
            "composer un numéro payant indiqué dans l'invitation."
        ),
        "organizer": (
            "Si vous êtes l'organisateur, appuyez sur la touche étoile ; sinon, appuyez sur la "
            "touche dièse."
        ),
        "pin": "Saisissez votre code PIN, suivi de la touche dièse.",
        "wrong_pin": "Ce code PIN est incorrect. Veuillez réessayer.",
        "pin_closed": "Cette réunion ne peut pas être démarrée par téléphone pour le moment.",
        "record_name": "Après le signal sonore, dites votre nom.",
        "lobby": "La réunion n'a pas commencé. Veuillez attendre l'organisateur.",
        "joining": "Vous rejoignez maintenant la réunion.",
        "id_changed": "L'ID de conférence a changé. Saisissez le nouveau.",
        "entered_name": "{name} a rejoint la réunion.",
        "entered_nameless": "Une personne a rejoint la réunion par téléphone.",
        "entered_tone": "[signal sonore montant]",
        "left_name": "{name} a quitté la réunion.",
        "left_nameless": "Une personne au téléphone a quitté la réunion.",
        "left_tone": "[signal sonore descendant]",
    },
    "es-ES": {
        "welcome": "Le damos la bienvenida. Marque el id. de conferencia seguido de almohadilla.",
        "language_choice": "Para español, pulse {key}.",
        "wrong_id": "No hay ninguna reunión con ese id. de conferencia. Inténtelo de nuevo.",
        "goodbye": "Adiós.",
        "blocked": "Demasiadas entradas incorrectas. Vuelva a llamar más tarde.",
        "toll_free_off": (
            "No es posible unirse a esta reunión desde un número gratuito. Marque un número de "
            "pago de la invitación."
        ),
        "organizer": "Si usted organiza la reunión, pulse asterisco; si no, pulse almohadilla.",
        "pin": "Marque su PIN seguido de almohadilla.",
        "wrong_pin": "Ese PIN no es correcto. Inténtelo de nuevo.",
        "pin_closed": "Esta reunión no se puede iniciar por teléfono en este momento.",
        "record_name": "Después de la señal, diga su nombre.",
        "lobby": "La reunión no ha comenzado. Espere a quien la organiza.",
        "joining": "Se está uniendo a la reunión.",
        "id_changed": "El id. de conferencia ha cambiado. Marque el nuevo.",
        "entered_name": "{name} se ha unido a la reunión.",
        "entered_nameless": "Alguien se ha unido a la reunión por teléfono.",
        "entered_tone": "[señal ascendente]",
        "left_name": "{name} ha salido de la reunión.",
        "left_nameless": "Alguien que estaba al teléfono ha salido de la reunión.",
        "left_tone": "[señal descendente]",
    },
}


def say(language: str, prompt: str, **fields: object) -> str:
    """A prompt in that language if there is a translation, else in en-US."""
    return TRANSLATIONS.get(language, PROMPTS)[prompt].format(**fields)
