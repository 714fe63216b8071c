"""German: what the messages say, and the names of countries."""

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

COUNTRIES = """
AC Ascension; AD Andorra; AE Vereinigte Arabische Emirate; AF Afghanistan; AG Antigua und Barbuda;
AI Anguilla; AL Albanien; AM Armenien; AO Angola; AR Argentinien; AS Amerikanisch-Samoa; AT
Österreich; AU Australien; AW Aruba; AX Ålandinseln; AZ Aserbaidschan; BA Bosnien und Herzegowina;
BB Barbados; BD Bangladesch; BE Belgien; BF Burkina Faso; BG Bulgarien; BH Bahrain; BI Burundi; BJ
Benin; BL St. Barthélemy; BM Bermuda; BN Brunei; BO Bolivien; BQ Karibische Niederlande; BR
Brasilien; BS Bahamas; BT Bhutan; BW Botsuana; BY Belarus; BZ Belize; CA Kanada; CC Kokosinseln; CD
Kongo (Kinshasa); CF Zentralafrikanische Republik; CG Kongo (Brazzaville); CH Schweiz; CI Côte
d'Ivoire; CK Cookinseln; CL Chile; CM Kamerun; CN China; CO Kolumbien; CR Costa Rica; CU Kuba; CV
Cabo Verde; CW Curaçao; CX Weihnachtsinsel; CY Zypern; CZ Tschechien; DE Deutschland; DJ Dschibuti;
DK Dänemark; DM Dominica; DO Dominikanische Republik; DZ Algerien; EC Ecuador; EE Estland; EG
Ägypten; EH Westsahara; ER Eritrea; ES Spanien; ET Äthiopien; FI Finnland; FJ Fidschi; FK
Falklandinseln; FM Mikronesien; FO Färöer; FR Frankreich; GA Gabun; GB Vereinigtes Königreich; GD
Grenada; GE Georgien; GF Französisch-Guayana; GG Guernsey; GH Ghana; GI Gibraltar; GL Grönland; GM
Gambia; GN Guinea; GP Guadeloupe; GQ Äquatorialguinea; GR Griechenland; GT Guatemala; GU Guam; GW
Guinea-Bissau; GY Guyana; HK Hongkong; HN Honduras; HR Kroatien; HT Haiti; HU Ungarn; ID Indonesien;
IE Irland; IL Israel; IM Insel Man; IN Indien; IO Britisches Territorium im Indischen Ozean; IQ
Irak; IR Iran; IS Island; IT Italien; JE Jersey; JM Jamaika; JO Jordanien; JP Japan; KE Kenia; KG
Kirgisistan; KH Kambodscha; KI Kiribati; KM Komoren; KN St. Kitts und Nevis; KP Nordkorea; KR
Südkorea; KW Kuwait; KY Kaimaninseln; KZ Kasachstan; LA Laos; LB Libanon; LC St. Lucia; LI
Liechtenstein; LK Sri Lanka; LR Liberia; LS Lesotho; LT Litauen; LU Luxemburg; LV Lettland; LY
Libyen; MA Marokko; MC Monaco; MD Republik Moldau; ME Montenegro; MF St. Martin; MG Madagaskar; MH
Marshallinseln; MK Nordmazedonien; ML Mali; MM Myanmar; MN Mongolei; MO Macau; MP Nördliche
Marianen; MQ Martinique; MR Mauretanien; MS Montserrat; MT Malta; MU Mauritius; MV Malediven; MW
Malawi; MX Mexiko; MY Malaysia; MZ Mosambik; NA Namibia; NC Neukaledonien; NE Niger; NF
Norfolkinsel; NG Nigeria; NI Nicaragua; NL Niederlande; NO Norwegen; NP Nepal; NR Nauru; NU Niue; NZ
Neuseeland; OM Oman; PA Panama; PE Peru; PF Französisch-Polynesien; PG Papua-Neuguinea; PH
Philippinen; PK Pakistan; PL Polen; PM St. Pierre und Miquelon; PR Puerto Rico; PS Palästina; PT
Portugal; PW Palau; PY Paraguay; QA Katar; RE Réunion; RO Rumänien; RS Serbien; RU Russland; RW
Ruanda; SA Saudi-Arabien; SB Salomonen; SC Seychellen; SD Sudan; SE Schweden; SG Singapur; SH
St. Helena; SI Slowenien; SJ Spitzbergen und Jan Mayen; SK Slowakei; SL Sierra Leone; SM San Marino;
SN Senegal; SO Somalia; SR Suriname; SS Südsudan; ST São Tomé und Príncipe; SV El Salvador; SX Sint
Maarten; SY Syrien; SZ Eswatini; TA Tristan da Cunha; TC Turks- und Caicosinseln; TD Tschad; TG
Togo; TH Thailand; TJ Tadschikistan; TK Tokelau; TL Timor-Leste; TM Turkmenistan; TN Tunesien; TO
Tonga; TR Türkei; TT Trinidad und Tobago; TV Tuvalu; TW Taiwan; TZ Tansania; UA Ukraine; UG Uganda;
US Vereinigte Staaten; UY Uruguay; UZ Usbekistan; VA Vatikanstadt; VC St. Vincent und die
Grenadinen; VE Venezuela; VG Britische Jungferninseln; VI Amerikanische Jungferninseln; VN Vietnam;
VU Vanuatu; WF Wallis und Futuna; WS Samoa; XK Kosovo; YE Jemen; YT Mayotte; ZA Südafrika; ZM
Sambia; ZW Simbabwe
"""
"""The names of countries by ISO code, in the form of `countries`."""
