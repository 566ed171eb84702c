"""No other child in a letter: every way of naming one is found, and ordinary words are not."""

from __future__ import annotations

import time

import pytest

from workflows.delivery.privacy import Found, Name, hidden_contacts, other_children

MILAN = Name("Milan", "van der Linden", ("Mila",), involved=True)
ROSTER = Name("Noortje", "Öztürk")


@pytest.mark.parametrize("text", [
    "Milan filmde het.", "MILAN filmde het.", "milan filmde het.", "Het was Milans idee.", "Het was Milan's idee.",
    "Het was milan’s idee.", "Milantje lachte.", "Milannetje lachte.", "Hij heet Mila.", "Hij heet Mílàn.",
    "Mi\u00adlan filmde.", "Mi\u200blan filmde.", "Het account is milan_2013.", "Stuur het aan milan.vdl@mail.example.",
    "Meneer Van der Linden belde.", "De heer van der Linden belde.", "M. van der Linden", "M.J. van der Linden", "Linden, Milan",
    "Milan v.d. L.", "gezin van der Lindens", "@milanvanderlinden postte", "MvdLinden, dus Van Der LINDEN",
])  # fmt: skip
def test_every_way_of_naming_an_involved_child_is_found(text: str) -> None:
    assert other_children({"conduct": text}, [MILAN]) == [Found("conduct", "Milan van der Linden")]


@pytest.mark.parametrize("text", [
    "Sam filmde een ander kind.", "Onder de linde stond een bank.", "Van der valt een steen.", "Hij las het bericht.",
    "Het scherm was wit.", "",
])  # fmt: skip
def test_ordinary_text_names_nobody(text: str) -> None:
    assert other_children({"conduct": text}, [MILAN, Name("Bas", "de Wit"), ROSTER]) == []


@pytest.mark.parametrize(("text", "found"), [
    ("Noortje zag het.", True), ("noortjes moeder belde", True), ("mevrouw Ozturk belde", True), ("N. Öztürk", True),
    ("Noor zag het.", False),
])  # fmt: skip
def test_the_roster_is_searched_for_unusual_names(text: str, found: bool) -> None:
    assert bool(other_children({"reason": text}, [ROSTER])) is found


@pytest.mark.parametrize(("text", "found"), [
    ("Het scherm was wit.", False), ("Bas zag het.", False), ("Bas de Wit zag het.", True), ("B. de Wit zag het.", True),
    ("De Wit was erbij.", False), ("Wit, Bas", True), ("Bas W. was erbij", True),
])  # fmt: skip
def test_a_common_word_on_the_roster_counts_only_as_a_whole_name(text: str, found: bool) -> None:
    assert bool(other_children({"reason": text}, [Name("Bas", "de Wit")])) is found


@pytest.mark.parametrize(("text", "found"), [
    ("Het scherm was wit.", False), ("Bas zag het.", True), ("bas zag het", True), ("De Wit was erbij.", True),
])  # fmt: skip
def test_a_common_word_in_the_case_counts_when_written_as_a_name(text: str, found: bool) -> None:
    assert bool(other_children({"reason": text}, [Name("Bas", "de Wit", involved=True)])) is found


def test_words_without_which_no_letter_is_written_need_a_capital() -> None:
    dan = [Name("Dan", "Visser", involved=True)]
    assert other_children({"reason": "als je dat dan ziet"}, dan) == []
    assert other_children({"reason": "Toen lachte Dan."}, dan) == [Found("reason", "Dan Visser")]


def test_the_pupils_own_names_and_the_readers_are_allowed_but_a_namesake_in_full_is_not() -> None:
    namesake = Name("Sam", "Peeters", involved=True)
    sibling = Name("Lotte", "Jansen", involved=True)
    allowed = ["Sam Jansen", "Fatima Jansen"]
    assert other_children({"conduct": "Sam Jansen en Fatima Jansen"}, [namesake, sibling], allowed) == []
    assert other_children({"conduct": "Sam Peeters was erbij"}, [namesake], allowed) == [Found("conduct", "Sam Peeters")]
    assert other_children({"conduct": "S. Peeters was erbij"}, [namesake], allowed) == [Found("conduct", "Sam Peeters")]
    assert other_children({"conduct": "Lottes telefoon"}, [sibling], allowed) == [Found("conduct", "Lotte Jansen")]


def test_names_of_staff_and_town_excuse_the_roster_but_not_a_child_in_the_case() -> None:
    texts = {"reason": "Juf Yara belde."}
    assert other_children(texts, [Name("Yara", "Kaya")], known=["Yara Meijer"]) == []
    assert other_children(texts, [Name("Yara", "Kaya", involved=True)], known=["Yara Meijer"]) != []


def test_every_field_and_the_metadata_are_searched_and_named() -> None:
    texts = dict.fromkeys(("conduct", "reason", "hearings", "metadata.title", "metadata.author"), "Milan was erbij")
    assert [found.field for found in other_children(texts, [MILAN])] == list(texts)


def test_the_schools_own_contacts_may_share_a_first_name_with_a_child() -> None:
    texts = {"school.counsellor_contact": "Milan Bakker, kamer 3"}
    assert other_children(texts, [MILAN]) == []
    assert other_children({"school.counsellor_contact": "Milan van der Linden"}, [MILAN]) != []


@pytest.mark.parametrize(
    "text", ["Zij woont op Hoofdweg 1.", "hoofdweg  1", "9700ab", "Bel 06-12345678", "mail f.jansen@mail.example"]
)
def test_the_other_guardians_hidden_contacts_are_found(text: str) -> None:
    hidden = [("F. Jansen", part) for part in ("Hoofdweg 1\n9700 AB Meerstad", "06 12 34 56 78", "f.jansen@mail.example")]
    assert hidden_contacts({"reason": text}, hidden) == [Found("reason", "F. Jansen")]
    assert hidden_contacts({"reason": "Niets bijzonders op 1 maart."}, hidden) == []


def test_a_roster_of_two_thousand_takes_well_under_a_second() -> None:
    roster = [Name(f"Voornaam{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}", f"Achter{chr(97 + i // 676)}") for i in range(2000)]
    start = time.perf_counter()
    other_children({str(i): "Dit is een gewone zin over een bericht. " * 20 for i in range(12)}, roster)
    assert time.perf_counter() - start < 1.5
