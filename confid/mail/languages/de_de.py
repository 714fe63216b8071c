"""What the messages say in German."""

from __future__ import annotations

SENTENCES = {
    "direction": "ltr",
    "sender": "Audiokonferenzen",
    "subject.enabled": "Audiokonferenzen sind für Sie freigeschaltet",
    "subject.conference_id_reset": "Ihre Konferenz-ID wurde zurückgesetzt",
    "subject.number_changed": "Ihre Standard-Einwahlnummern haben sich geändert",
    "subject.pin_reset": "Ihre PIN für Audiokonferenzen wurde zurückgesetzt",
    "subject.conference_id_reset+number_changed": (
        "Ihre Konferenz-ID wurde zurückgesetzt, und Ihre Einwahlnummern haben sich geändert"
    ),
    "subject.conference_id_reset+pin_reset": (
        "Ihre Konferenz-ID und Ihre PIN für Audiokonferenzen wurden zurückgesetzt"
    ),
    "subject.number_changed+pin_reset": (
        "Ihre Einwahlnummern haben sich geändert, und Ihre PIN wurde zurückgesetzt"
    ),
    "subject.conference_id_reset+number_changed+pin_reset": (
        "Ihre Konferenz-ID und PIN wurden zurückgesetzt, Ihre Einwahlnummern haben sich geändert"
    ),
    "subject.disabled": "Audiokonferenzen sind für Sie abgeschaltet",
    "subject.conference_info": "Ihre Angaben für Audiokonferenzen",
    "greeting": "Guten Tag {name},",
    "greeting.nameless": "Guten Tag,",
    "opening.enabled": (
        "Audiokonferenzen sind für Sie freigeschaltet: An den Besprechungen, die Sie "
        "organisieren, kann man jetzt per Telefon teilnehmen. Man wählt eine der Nummern unten "
        "und gibt Ihre Konferenz-ID ein."
    ),
    "opening.conference_id_reset": (
        "Ihre Konferenz-ID wurde zurückgesetzt. Anrufer brauchen die neue, die unten steht; die "
        "bisherige gilt nicht mehr."
    ),
    "opening.number_changed": (
        "Die Standard-Einwahlnummern Ihrer Besprechungen haben sich geändert. Die neuen stehen "
        "unten."
    ),
    "opening.pin_reset": (
        "Ein Administrator hat Ihre PIN für Audiokonferenzen zurückgesetzt. Die bisherige gilt "
        "nicht mehr."
    ),
    "opening.disabled": (
        "Audiokonferenzen sind für Sie abgeschaltet. Niemand kann mehr per Telefon an Ihren "
        "Besprechungen teilnehmen: Ihre Konferenz-ID gilt nicht mehr, und niemand sonst erhält sie."
    ),
    "opening.conference_info": (
        "Hier sind Ihre Angaben für Audiokonferenzen. An den Besprechungen, die Sie organisieren, "
        "nimmt man per Telefon teil, indem man eine der Nummern unten wählt und Ihre Konferenz-ID "
        "eingibt."
    ),
    "heading.details": "Ihre Angaben",
    "label.conference_id": "Konferenz-ID",
    "label.pin": "PIN",
    "pin.use": (
        "Die PIN ist nur für Sie: Mit ihr weisen Sie sich als Organisator aus, wenn Sie eine Ihrer "
        "Besprechungen per Telefon beginnen. Geben Sie sie auf Aufforderung ein, gefolgt von #."
    ),
    "pin.lost": (
        "Bewahren Sie die PIN gut auf. Sie kann nicht noch einmal gesendet werden; geht sie "
        "verloren, lassen Sie sie von Ihrem Administrator zurücksetzen."
    ),
    "link.reset_pin": "PIN zurücksetzen",
    "heading.numbers": "Einwahlnummern",
    "link.find_local_number": "Nummer vor Ort finden",
    "number": "{number} ({kind})",
    "number.city": "{number}, {city} ({kind})",
    "toll": "gebührenpflichtig",
    "toll_free": "gebührenfrei",
    "country.none": "International",
    "heading.update": "Bestehende Besprechungen aktualisieren",
    "update.enabled": (
        "In Besprechungen, die Sie schon geplant haben, steht noch nicht, wie man per Telefon "
        "teilnimmt."
    ),
    "update.conference_id_reset": (
        "In Besprechungen, zu denen Sie schon eingeladen haben, steht die bisherige Konferenz-ID, "
        "die nicht mehr gilt. Bis sie aktualisiert sind, kann niemand per Telefon teilnehmen."
    ),
    "update.number_changed": (
        "In Besprechungen, zu denen Sie schon eingeladen haben, stehen die bisherigen Nummern."
    ),
    "update.step.open": (
        "Öffnen Sie im Kalender jede kommende Besprechung; bei einer Serie öffnen Sie die Serie."
    ),
    "update.step.check": (
        "Prüfen Sie, dass die Einladung die Konferenz-ID und die Nummern von oben zeigt."
    ),
    "update.step.send": "Senden Sie allen Eingeladenen die Aktualisierung.",
    "link.update_meetings": "So aktualisieren Sie Besprechungen",
    "update.migration": (
        "Oder Ihr Administrator lässt eine Besprechungsmigration laufen, die alle Ihre künftigen "
        "Besprechungen aktualisiert."
    ),
    "heading.remove": "Einwahldaten aus bestehenden Besprechungen nehmen",
    "remove.why": (
        "In Besprechungen, zu denen Sie schon eingeladen haben, stehen noch Einwahlnummern und "
        "eine Konferenz-ID, die nicht mehr gelten."
    ),
    "remove.step.open": (
        "Öffnen Sie im Kalender jede kommende Besprechung; bei einer Serie öffnen Sie die Serie."
    ),
    "remove.step.delete": (
        "Löschen Sie die Einwahlnummern und die Konferenz-ID aus der Einladung."
    ),
    "remove.step.send": "Senden Sie allen Eingeladenen die Aktualisierung.",
    "remove.migration": (
        "Oder Ihr Administrator lässt eine Besprechungsmigration laufen, die das für alle Ihre "
        "künftigen Besprechungen tut."
    ),
    "closing": (
        "Diese Nachricht wurde automatisch gesendet. Bei Fragen wenden Sie sich an Ihren "
        "Administrator."
    ),
}
