"""The Dutch words of the letters: letters are Dutch at the source, whatever language the pages speak (ADR on letters).

Every table has an entry for each word of the vocabulary; a test says so. Conduct is described, never named as an offence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KINDS: Mapping[str, str] = {
    "talk": "een gesprek",
    "apology": "excuses aanbieden",
    "repair": "de schade herstellen",
    "lesson_module": "een les over sociale media",
    "confiscate_phone": "de telefoon inleveren",
    "network_ban": "geen toegang tot het netwerk van de school",
    "time_out": "een time-out voor de rest van de dag",
    "class_change": "een andere klas",
    "warning": "een waarschuwing",
    "reprimand": "een berisping",
    "task": "een taak",
    "detention": "nablijven",
    "suspension": "een schorsing",
    "internal_suspension": "een interne schorsing",
    "expulsion": "verwijdering van school",
    "dismissal": "ontslag",
    "instant_dismissal": "ontslag op staande voet",
    "access_ban": "geen toegang tot het terrein van de school",
    "end_collaboration": "einde van de samenwerking",
}
CATEGORIES: Mapping[str, str] = {
    "cyberbullying": "pesten in een app of chat",
    "insult": "een kwetsend bericht",
    "untrue_statement": "een verhaal dat niet klopt en is verspreid",
    "unwanted_contact": "contact dat niet gewenst was",
    "threat": "een dreigend bericht",
    "image_without_consent": "een foto of film die zonder toestemming is gedeeld",
    "intimate_image": "een beeld dat privé had moeten blijven",
    "humiliating_video": "een film die iemand belachelijk maakt",
    "impersonation": "een nepaccount of iemand die zich voordeed als een ander",
    "account_takeover": "een account dat is overgenomen",
    "account_access": "het gebruik van het account van een ander",
    "doxing": "privégegevens die zijn verspreid",
    "discrimination": "een bericht dat mensen uitsluit",
    "sexual_approach": "ongewenste toenadering online",
    "sexual_misconduct": "gedrag over een grens",
    "accusation": "een beschuldiging",
    "staff_contact": "contact tussen een medewerker en een leerling buiten de regels",
    "phone_use": "gebruik van de telefoon toen dat niet mocht",
    "harmful_challenge": "een gevaarlijke uitdaging of inhoud",
    "school_name": "berichten die de naam van de school raken",
    "parent_conduct": "gedrag van een ouder online",
    "unwanted_site": "een ongewenste website",
    "hate_mail": "een haatbericht",
    "technical": "een technisch probleem",
    "security": "een mogelijk lek",
    "other": "iets anders op internet of in een app",
}
ROLES: Mapping[str, str] = {
    "board": "bevoegd gezag",
    "director": "directeur",
    "manager": "leidinggevende",
    "coordinator": "coördinator",
    "mentor": "mentor",
    "teacher": "leraar",
    "personnel": "personeelszaken",
    "ict_coordinator": "ICT-coördinator",
    "mediamaster": "mediamaster",
    "confidential_counsellor": "vertrouwenspersoon",
    "dpo": "functionaris gegevensbescherming",
    "communications": "communicatie",
    "administrator": "administratie",
}
"""Functions under a signature, the highest first: that is the one under which somebody signs."""

CHANNELS: Mapping[str, str] = {
    "in_person": "in een gesprek op school",
    "phone": "aan de telefoon",
    "email": "per e-mail",
    "portal": "via het ouderportaal",
    "post": "per brief",
    "video": "in een videogesprek",
}
ASKS: Mapping[str, str] = {
    "withdraw_publication": "de publicatie intrekken, zodat anderen die niet meer zien",
    "remove_and_correct": "de publicatie weghalen en een rechtzetting plaatsen",
    "close_account": "het account sluiten",
}
POLICE_OUTCOMES: Mapping[str, str] = {
    "settled": "in overleg opgelost",
    "halt": "naar Halt",
    "dismissed": "geen vervolging",
    "court": "naar de rechter",
    "unknown": "nog niet bekend",
}
TITLES: Mapping[str, str] = {
    "invitation": "Uitnodiging voor een gesprek",
    "report_notice": "Bericht over een melding",
    "measure_notice": "Bericht over een maatregel",
    "suspension": "Besluit tot schorsing",
    "removal_agreement": "Afspraak over weghalen en rechtzetten",
    "police_note": "Notitie over contact met de politie",
    "staff_letter": "Brief aan een medewerker",
    "takedown_request": "Verzoek om een publicatie in te trekken",
}


@dataclass(frozen=True, slots=True)
class Voice:
    """How a letter speaks to its reader and about the person concerned.

    `reader` and `your` are the reader ("u"/"uw", "je"/"je"); the others are whom the letter is about: as subject, at the
    start of a sentence, as object, in "van …", and as owner ("de … van Sam").
    """

    reader: str
    Reader: str
    your: str
    who: str
    Who: str
    object: str
    of: str
    has: str
    is_: str
    may: str
    self_: bool


def voice(to: str, given_name: str) -> Voice:
    """Return the forms for one copy.

    Args:
        to: "guardian" (about a child), "pupil" (to the pupil) or "adult" (to somebody about themselves).
        given_name: first name of whom the letter is about.
    """
    if to == "pupil":
        return Voice("je", "Je", "je", "je", "Je", "je", "jou", "hebt", "bent", "mag", True)
    if to == "adult":
        return Voice("u", "U", "uw", "u", "U", "u", "u", "hebt", "bent", "mag", True)
    name = given_name or "uw kind"
    return Voice("u", "U", "uw", name, name[:1].upper() + name[1:], name, name, "heeft", "is", "mag", False)
