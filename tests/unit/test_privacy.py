"""No other child in a letter: every way of naming one is found, and ordinary words are not."""

from __future__ import annotations

import sys

import pytest

from workflows.privacy import Found, Name, hidden_contacts, other_children

MILAN = Name("Milan", "van der Krijten", ("Mila",), involved=True)
ROSTER = Name("Noortje", "Özgümmet")


@pytest.mark.parametrize("text", [
    "Milan filmde het.", "MILAN filmde het.", "milan filmde het.", "Het was Milans idee.", "Het was Milan's idee.",
    "Het was milan’s idee.", "Milantje lachte.", "Milannetje lachte.", "Hij heet Mila.", "Hij heet Mílàn.",
    "Mi\u00adlan filmde.", "Mi\u200blan filmde.", "Het account is milan_2013.", "Stuur het aan milan.vdk@mail.example.",
    "Meneer Van der Krijten belde.", "De heer van der Krijten belde.", "M. van der Krijten", "M.J. van der Krijten", "Krijten, Milan",
    "Milan v.d. K.", "gezin van der Krijtens", "@milanvanderkrijten postte", "MvdKrijten, dus Van Der KRIJTEN",
])  # fmt: skip
def test_every_way_of_naming_an_involved_child_is_found(text: str) -> None:
    assert other_children({"conduct": text}, [MILAN]) == [Found("conduct", "Milan van der Krijten")]


@pytest.mark.parametrize("text", [
    "Sam filmde een ander kind.", "Op het krijt stond een streep.", "Van der valt een steen.", "Hij las het bericht.",
    "Het scherm was wit.", "",
])  # fmt: skip
def test_ordinary_text_names_nobody(text: str) -> None:
    assert other_children({"conduct": text}, [MILAN, Name("Bas", "de Wit"), ROSTER]) == []


@pytest.mark.parametrize(("text", "found"), [
    ("Noortje zag het.", True), ("noortjes moeder belde", True), ("mevrouw Ozgummet belde", True), ("N. Özgümmet", True),
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
    dan = [Name("Dan", "Gumstift", involved=True)]
    assert other_children({"reason": "als je dat dan ziet"}, dan) == []
    assert other_children({"reason": "Toen lachte Dan."}, dan) == [Found("reason", "Dan Gumstift")]


def test_the_pupils_own_names_and_the_readers_are_allowed_but_a_namesake_in_full_is_not() -> None:
    namesake = Name("Sam", "Paperclipje", involved=True)
    sibling = Name("Lotte", "Regenboogje", involved=True)
    allowed = ["Sam Regenboogje", "Fatima Regenboogje"]
    assert other_children({"conduct": "Sam Regenboogje en Fatima Regenboogje"}, [namesake, sibling], allowed) == []
    assert other_children({"conduct": "Sam Paperclipje was erbij"}, [namesake], allowed) == [Found("conduct", "Sam Paperclipje")]
    assert other_children({"conduct": "S. Paperclipje was erbij"}, [namesake], allowed) == [Found("conduct", "Sam Paperclipje")]
    assert other_children({"conduct": "Lottes telefoon"}, [sibling], allowed) == [Found("conduct", "Lotte Regenboogje")]


def test_names_of_staff_and_town_excuse_the_roster_but_not_a_child_in_the_case() -> None:
    texts = {"reason": "Juf Yara belde."}
    assert other_children(texts, [Name("Yara", "Schriftje")], known=["Yara Bordwisser"]) == []
    assert other_children(texts, [Name("Yara", "Schriftje", involved=True)], known=["Yara Bordwisser"]) != []


def test_every_field_and_the_metadata_are_searched_and_named() -> None:
    texts = dict.fromkeys(("conduct", "reason", "hearings", "metadata.title", "metadata.author"), "Milan was erbij")
    assert [found.field for found in other_children(texts, [MILAN])] == list(texts)


def test_the_schools_own_contacts_may_share_a_first_name_with_a_child() -> None:
    texts = {"school.counsellor_contact": "Milan Bakker, kamer 3"}
    assert other_children(texts, [MILAN]) == []
    assert other_children({"school.counsellor_contact": "Milan van der Krijten"}, [MILAN]) != []


@pytest.mark.parametrize(
    "text", ["Zij woont op Hoofdweg 1.", "hoofdweg  1", "9700ab", "Bel 06-12345678", "mail f.regenboogje@mail.example"]
)
def test_the_other_guardians_hidden_contacts_are_found(text: str) -> None:
    hidden = [("F. Regenboogje", part) for part in ("Hoofdweg 1\n9700 AB Meerstad", "06 12 34 56 78", "f.regenboogje@mail.example")]
    assert hidden_contacts({"reason": text}, hidden) == [Found("reason", "F. Regenboogje")]
    assert hidden_contacts({"reason": "Niets bijzonders op 1 maart."}, hidden) == []


def calls_for(size: int, texts: int) -> int:
    """How many functions are called to search so many texts for so many names: what it costs, on any machine."""
    roster = [Name(f"Voornaam{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}", f"Achter{chr(97 + i // 676)}") for i in range(size)]
    fields = {str(i): "Dit is een gewone zin over een bericht. " * 5 for i in range(texts)}
    calls = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        other_children(fields, roster)
    finally:
        sys.setprofile(before)
    return calls


def test_twice_the_roster_and_twice_the_texts_are_twice_the_work_and_not_four_times() -> None:
    assert calls_for(200, 40) < 2.5 * calls_for(100, 20)
