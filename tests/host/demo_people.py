"""The demo's invented people: five sets of names that nobody bears, and two groups of pupils with parents per school."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import holidays
from django.contrib.auth.models import User

from workflows import people, scenario_cast, schools
from workflows.models import Group, School
from workflows.scenario_cast import Cast

STAFF = {
    "zonnehoek": "Marit Teun Dirkje Wout Sientje Minke Ids Fenna Verle Gijs Coosje Petra Aafke Jorrit",
    "duinrand": "Hilde Koen Anneke Sjoerd Trijntje Evert Klaas Dieuwke Wil Harm Tineke Gerda Bram Lotje",
    "appelgaard": "Janneke Ruud Corrie Bert Neeltje Arend Pim Hanneke Jet Kees Miep Wiesje Lammert Doortje",
    "polderlicht": "Saskia Joris Ferdi Nicolien Rienk Astrid Menno Carlijn Tjitske Hidde Marloes Wybren Elske Douwe",
    "lindehof": "Berber Stijntje Gerrit Maaike Cornelia Jelle Sybren Roelien Anouk Freek Willemijn Tessel Otto Geesje",
}
"""First names of staff, in the order of the cast; the last one is the mentor of the second group."""

FAMILIES = {
    "zonnehoek": "Regenpijpje Mistlampje Wolkenveld Windvaan Hagelkorrel Dauwdruppel Sneeuwketting Bliksemsnoer Zonnescherm "
    "Regenlaars Stormlijn Nevelbank Vorstrand Luchtballon Parapluutje Wintermuts Thermometer Donderwolkje IJspegel Zomerjas",
    "duinrand": "Schelpenzak Zeepaardje Strandemmer Vuurtorentje Golfbreker Mosselpan Duinpannetje Helmgrasje Vlieghout "
    "Zandkasteel Ankertouw Krabbenpot Visnetje Roeispaan Zeesterretje Kwallenkom Zwemband Ebbelijn Vloedbord Meeuwennest",
    "appelgaard": "Appelboor Perenstoof Pruimenpit Kersenmand Bessenstruikje Notenkraker Vijgenblaadje Kweepeertje Walnootdop "
    "Moestuin Druivenpers Aardbeibed Frambozenkom Radijsje Pompoentje Wortelloof Mandarijn Citroenpers Boomladder Snoeischaar",
    "polderlicht": "Lantaarnpaal Gloeidraad Kaarsenvet Zaklampje Schakelaar Dimmertje Lichtbundel Stekkerdoos Lampenkap "
    "Kabelhaspel Zekeringkast Batterijvak Reflector Straallamp Lichtmatroos Vonkenvanger Waxinehouder Dynamootje Spotje Knijpkat",
    "lindehof": "Poffertjespan Stroopwafel Kaneelstok Suikerpotje Beslagkom Pannenlap Deegroller Koekjestrommel Theemuts "
    "Vanillestokje Soeplepel Broodmes Botervloot Jampotje Garde Taartschep Eierdopje Vergiet Maatbeker Ovenwant",
}
"""Surnames per school, things all of them."""

_PUPILS = (
    "Noa Sem Finn Yara Liv Daan Mila Ravi Emre Zoë Jesse Amira Thijs Lina Kaan Sofie Milan Nora Omar Julia Siem Fay Luca Aya Boris Evi "
    "Levi Hanna Tijn Selma Jurre Nina Ilias Vera Guus Maud Adam Iris Cas Lotte"
)
PUPILS = _PUPILS.split()
_PARENTS = "Esther Mark Fatma Peter Ingrid Hassan Linda Wouter Monique Ahmed Sandra Erik Ayla Ronald Karin Yusuf Mireille Dennis Nadia Bas"
PARENTS = _PARENTS.split()

ANSWERS = {
    "device_policy": "Telefoons zijn thuis of in de kluis. In de les alleen als de leraar erom vraagt.",
    "grey_zone": "Wat thuis gebeurt is van de ouders. Merken wij het op school, dan praten wij erover.",
    "parent_information": "Wij bellen ouders dezelfde dag, en altijd vóór een schorsing.",
    "police_criteria": "Bij dreiging, afpersing of beelden van kinderen bellen wij de wijkagent voor advies.",
    "breach_measures": "Zie de schoolregels, hoofdstuk 4: van gesprek tot schorsing.",
    "case_roles": "Wie iets deed, wie meedeed, wie het doorstuurde en wie keek, krijgt elk een eigen gesprek.",
    "press": "Alleen de directeur spreekt met de pers, na overleg met communicatie.",
    "parents_contact": "De mentor, en daarna de directeur.",
}
"""What the demo's schools answer to the questions that their protocol leaves to them."""

CHAIRS = {
    "zonnehoek": "Schuifdeur", "duinrand": "Traphekje", "appelgaard": "Kapstok", "polderlicht": "Brievenbus", "lindehof": "Deurmat",
}  # fmt: skip
"""The second named person of each board: a report about the first one must reach somebody."""

SECOND = {"po": "Groep 8b", "vo": "Klas 4a"}
SIZE = 12
"""Pupils in each group beside the cast."""


class Names(NamedTuple):
    """Who is who at one school: overrides for the fixed cast, and the rest of the names."""

    overrides: dict[str, dict[str, Any]]
    second_mentor: tuple[str, str]
    families: list[str]
    offset: int


def answers(key: str, sector: str) -> dict[str, str]:
    """Answer what this protocol leaves to the school."""
    asked = schools.usable_protocol(key, sector).settings
    return {name: text for name, text in ANSWERS.items() if name in asked}


def names(slug: str) -> Names:
    """Give the fixed cast of a school its own names."""
    given, families = STAFF[slug].split(), FAMILIES[slug].split()
    offset = list(STAFF).index(slug) * 7
    told: dict[str, dict[str, Any]] = {}
    for place, member in enumerate(scenario_cast.STAFF):
        told[member] = {"given_name": given[place], "family_name": families[-1 - place]}
    pupil, classmate = (PUPILS[(offset + n) % len(PUPILS)] for n in (0, 1))
    told["pupil"] = {"given_name": pupil, "family_name": families[0], "nicknames": [pupil[:3].lower() + "tje"]}
    told["classmate"] = {"given_name": classmate, "family_name": families[1]}
    told["adult_pupil"] = {"given_name": PUPILS[(offset + 2) % len(PUPILS)], "family_name": families[2]}
    told["parent"] = {"given_name": PARENTS[offset % 20], "family_name": families[0], "relation": "moeder"}
    told["other_parent"] = {"given_name": PARENTS[(offset + 1) % 20], "family_name": families[3], "relation": "vader"}
    told["other_parent"]["address"] = "Uitgedachtepad 7\n1234 AC Nergenshuizen"
    told["classmate_parent"] = {"given_name": PARENTS[(offset + 2) % 20], "family_name": families[1], "relation": "vader"}
    return Names(told, (given[-1], "Tweedeklas"), families, offset)


def fill(cast: Cast, sector: str, today: date, who: Names) -> Group:
    """Add the rest of both groups, with parents, the mentor of the second one and the chair of the supervisory board; returns the second group."""
    school = cast.school
    second = schools.add_group(school, by=None, name=SECOND[sector])
    began = today - timedelta(days=365)
    user = User.objects.create_user(
        f"{school.slug}-mentor2", email=f"mentor2@{school.slug}.example", first_name=who.second_mentor[0], last_name=who.second_mentor[1]
    )
    cast.users["mentor2"] = user
    people.add_membership(school, by=None, user=user, role="mentor", group=second, starts=began)
    cast.people["mentor2"] = school.people.get(user=user)
    chair = User.objects.create_user(
        f"{school.slug}-board2", email=f"board2@{school.slug}.example", first_name="Beppie", last_name=CHAIRS[school.slug]
    )
    people.add_membership(school, by=None, user=chair, role="board", starts=began)
    cast.users["board2"], cast.people["board2"] = chair, school.people.get(user=chair)
    for n in range(2 * SIZE):
        given = PUPILS[(who.offset + 3 + n) % len(PUPILS)]
        family = who.families[4 + n % 12]
        years = scenario_cast.AGES[sector] + n // SIZE
        born = date(today.year - years - 1, 1 + n % 12, 3 + n % 25)
        home = f"Uitgedachtepad {10 + n}\n1234 AC Nergenshuizen"
        pupil = people.add_person(
            school, by=None, kind="pupil", given_name=given, family_name=family, number=f"l-{n + 1:03}", birth_date=born, address=home
        )
        cast.people[f"{'first' if n < SIZE else 'second'}{n % SIZE}"] = pupil
        people.enrol(pupil, cast.group if n < SIZE else second, by=None, starts=began)
        for m in range(1 + n % 2):
            parent = people.add_person(
                school, by=None, kind="parent", given_name=PARENTS[(who.offset + 3 + 2 * n + m) % 20], family_name=family,
                number=f"o-{n + 1:03}{m}", email=f"ouder{n + 1}{m}@{school.slug}.example", phone="000 000 0009", address=home,
                language="tr" if n == 5 else "nl",
            )  # fmt: skip
            known = "unknown" if (n, m) == (7, 1) else "yes"
            people.add_guardian(pupil, parent, by=None, authority=known, relation="ouder", starts=began)
    return second


def add_holidays(school: School, today: date) -> None:
    """Enter the school holidays of the northern region around today."""
    years = (today.year - 1, today.year, today.year + 1)
    days: Mapping[date, str] = holidays.country_holidays("NL", subdiv="Noord", years=years, categories=("school",), language="nl")
    for name, rows in groupby(sorted(days.items()), key=lambda row: row[1]):
        dates = [day for day, _name in rows]
        schools.add_holiday(school, by=None, name=name, first=dates[0], last=dates[-1])
