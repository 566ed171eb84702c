"""Lessons as data: what a file may say, and how each fault is named with its file, its key and a way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workflows import lessons
from workflows.lessons import Unit, load, read

SAMPLE = Path(__file__).parents[1] / "lessons/2-sample.toml"
TEXT = SAMPLE.read_text(encoding="utf-8")
PASSWORD = 'teaches = ["LEY-3b"]\nstory = {nl = "Je vader'
ARTICLES = {"LEY-3b": True, "TD-1": True}


def found(text: str, articles: dict[str, bool] | None = None) -> list[str]:
    """Every problem of a lesson in one line each, without its file."""
    unit, problems = read(text, "2-sample.toml", ARTICLES if articles is None else articles)
    assert (unit is None) == bool(problems), "a lesson with a fault is not used"
    assert all(problem.file == "2-sample.toml" for problem in problems)
    return [str(problem).removeprefix("2-sample.toml: ") for problem in problems]


def sample() -> Unit:
    unit, problems = read(TEXT, str(SAMPLE), ARTICLES)
    assert unit is not None and not problems
    return unit


def test_the_sample_is_sound() -> None:
    unit = sample()
    assert (unit.level, unit.key, len(unit.scenes)) == (2, "sample", 3)
    assert unit.scenes[0].choices[1].right and unit.class_card and unit.home_card and unit.tips


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "way_out"),
    [
        ('{nl = "Ja.", en = "Yes."}', '{nl = "Ja."}', r"scenes\[3\].choices\[1\].text.en", "This translation is missing.", "{nl = “…”, en"),
        ('{nl = "Ja.", en = "Yes."}', '{nl = "Ja.", en = " "}', r"scenes\[3\].choices\[1\].text.en", "This translation is missing.", "{nl"),
        ('{nl = "Ja.", en = "Yes."}', '"Ja."', r"scenes\[3\].choices\[1\].text", "This must be a table.", ""),
        ('en = "Yes."}', 'en = "Yes.", de = "Ja."}', r"scenes\[3\].choices\[1\].text.de", "Unknown key “de”.", "nl"),
        ('feedback = {nl = "Op jouw', 'right = true\nfeedback = {nl = "Op jouw', r"scenes\[3\].choices", "two right answers: yes, no", "Keep right"),
        ('right = true\nfeedback = {nl = "Zo maak', 'feedback = {nl = "Zo maak', r"scenes\[2\].choices", "There is no right answer.", "right = true"),
        (
            'teaches = ["LEY-3b"]\nstory = {nl = "Je vader',
            'teaches = ["LEY-3x"]\nstory = {nl = "Je vader',
            r"scenes\[3\].teaches",
            "No pack carries the article “LEY-3x”.",
            "LEY-3b",
        ),
        (PASSWORD, PASSWORD.replace('"LEY-3b"', ""), r"scenes\[3\].teaches", "This names no rule.", "ids of articles"),
        (PASSWORD, PASSWORD.partition("\n")[2], r"scenes\[3\].teaches", "This names no rule.", "ids of articles"),
        (
            'articles = ["TD-1"]',
            'articles = ["XYZ"]',
            r"scenes\[3\].versions\[1\].articles",
            "No pack carries the article “XYZ”.",
            "Take an id",
        ),
        (
            'then = "sam-sees-it"',
            'then = "sam-seesit"',
            r"scenes\[1\].choices\[1\].then",
            "There is no scene “sam-seesit” here.",
            "Did you mean “sam-sees-it”?",
        ),
        (
            'right = true\nfeedback = {nl = "Een',
            'then = "sleeping-photo"\nright = true\nfeedback = {nl = "Een',
            r"scenes\[3\].choices\[2\].then",
            "round in a circle",
            "further on",
        ),
        ('then = "password"', 'then = "sleeping-photo"', r"scenes\[1\].choices\[2\].then", "round in a circle", "further on"),
        ('then = "sam-sees-it"', "", r"scenes\[2\]", "Nothing leads to “sam-sees-it”.", "lead to it"),
        ('key = "sam-sees-it"', 'key = "sleeping-photo"', r"scenes\[2\].key", "There are two with the key “sleeping-photo”.", "another key"),
        ('key = "laugh"', 'key = "sorry"', r"scenes\[2\].choices\[2\].key", "There are two with the key “sorry”.", "another key"),
        ('key = "laugh"', 'key = "Laugh out loud"', r"scenes\[2\].choices\[2\].key", "“Laugh out loud” is no key.", "small letters"),
        ("level = 2", "level = 5", "level", "Unknown level “5”.", "Known: 1, 2, 3, 4."),
        ("level = 2", 'level = "2"', "level", "Unknown level “2”.", ""),
        ("order = 1", 'order = "first"', "order", "This must be a number", ""),
        ('key = "sample"', 'key = "other"', "key", "This file is lesson “other” of level 2.", "Call it 2-other.toml."),
        ('frames = ["Core', 'frames = []\nx = ["Core', "frames", "names no goal", "frames"),
        ("[home_card]\nquestions = [{nl", "[home_card]\nquestions = []\nx = [{nl", "home_card.questions", "This card asks nothing.", "one for home"),
        ('right = "yes"', 'right = "perhaps"', r"scenes\[3\].versions\[1\].right", "Unknown choice “perhaps”.", "yes, no"),
        (
            ', no = {nl = "Op jouw school mag',
            ', no-no = {nl = "Op jouw school mag',
            r"scenes\[3\].versions\[1\].feedback",
            "Unknown choice “no-no”.",
            "no",
        ),
        (
            ', no = {nl = "Op jouw school mag het wel.", en = "At your school it is allowed."}',
            "",
            r"scenes\[3\].versions\[1\].feedback",
            "“no” changes here",
            "Add no",
        ),
        ("order = 1", "order = = 1", "", "This is no valid TOML", ""),
        ("order = 1", "order = 1\norder = 2", "", "This is no valid TOML", ""),
    ],
)
def test_each_fault_is_named_with_its_key_and_a_way_out(old: str, new: str, key: str, message: str, way_out: str) -> None:
    assert TEXT.count(old) == 1
    problems = found(TEXT.replace(old, new))
    assert any(re.match(key, one) and message in one and way_out in one for one in problems), problems


def test_a_rule_that_is_taught_needs_words_for_pupils() -> None:
    said = "The article “LEY-3b” has no words for pupils. Add pupil = {nl = “…”, en = “…”} to it in its pack."
    assert found(TEXT, {"LEY-3b": False, "TD-1": False}) == [f"scenes[{n}].teaches: {said}" for n in (1, 2, 3)]


def test_too_few_and_too_many_choices() -> None:
    one = 'choices = [{key = "a", right = true, text = {nl = "a", en = "a"}, feedback = {nl = "a", en = "a"}}'
    head = TEXT.split("[[scenes]]")[0]
    scene = '[[scenes]]\nkey = "s"\nteaches = ["LEY-3b"]\n' + "".join(f'{n} = {{nl = "n", en = "e"}}\n' for n in ("title", "story", "question"))
    assert found(head + scene + one + "]") == ["scenes[1].choices: A question has 2 to 4 choices, this one 1."]
    four = "".join(f', {{key = "{k}", text = {{nl = "a", en = "a"}}, feedback = {{nl = "a", en = "a"}}}}' for k in "bcde")
    assert found(head + scene + one + four + "]") == ["scenes[1].choices: A question has 2 to 4 choices, this one 5."]
    assert found(head) == ["scenes: This lesson has no scene. Begin one with [[scenes]]."]


def test_lessons_of_several_folders_stand_together_and_no_two_share_a_key(tmp_path: Path) -> None:
    first, second = tmp_path / "ours", tmp_path / "theirs"
    for folder in (first, second):
        folder.mkdir()
        (folder / "2-sample.toml").write_text(TEXT, encoding="utf-8")
    (second / "1-sample.toml").write_text(TEXT.replace("level = 2", "level = 1"), encoding="utf-8")
    (second / "2-broken.toml").write_text("key = ", encoding="utf-8")
    (second / "2-latin.toml").write_bytes("key = 'é'".encode("latin-1"))
    (second / "2-moved.toml").symlink_to(tmp_path / "elsewhere.toml")
    (second / "2-folder.toml").mkdir()
    library = load(lessons.files([first, second]), ARTICLES)
    assert [(unit.level, unit.key) for unit in library.units] == [(1, "sample"), (2, "sample")], "a fault takes no other lesson with it"
    assert library.level(2)[0].file == str(first / "2-sample.toml"), "a copy does not take the product's own lesson away"
    said = [str(problem) for problem in library.problems]
    assert [one.split(": ")[0] for one in said if "Level 2 has “sample” already" in one] == [str(second / "2-sample.toml")]
    assert any("2-broken.toml: This is no valid TOML" in one for one in said)
    assert any("2-latin.toml: This file is not written in UTF-8." in one for one in said)
    for name in ("2-moved.toml", "2-folder.toml"):
        assert any(f"{name}: This file cannot be read" in one for one in said)


# what differs per school


def test_where_schools_differ_the_answer_and_its_feedback_differ() -> None:
    unit = sample()
    here, there = unit.at_school({"LEY-3b"}), unit.at_school({"TD-1"})
    assert [one.right for one in here.scenes[2].choices] == [False, True]
    assert [one.right for one in there.scenes[2].choices] == [True, False]
    assert there.scenes[2].choices[0].feedback["en"] == "They may know it at home."
    assert here.scenes[2].choices[0].feedback["en"] == "At your school you keep it to yourself."


NO_BASE = TEXT.replace('right = true\nfeedback = {nl = "Een wachtwoord', 'feedback = {nl = "Een wachtwoord')


def test_a_scene_that_only_some_schools_have_is_left_out_elsewhere() -> None:
    unit, problems = read(NO_BASE, "2-sample.toml", ARTICLES)
    assert unit is not None and not problems
    assert [scene.key for scene in unit.at_school({"LEY-3b"}).path()] == ["sleeping-photo"]
    assert [scene.key for scene in unit.at_school(ARTICLES).path()] == ["sleeping-photo", "password"]


def test_feedback_may_be_left_to_the_versions() -> None:
    bare = NO_BASE.replace('feedback = {nl = "Een wachtwoord is van jou alleen.", en = "A password is yours alone."}', "")
    assert found(bare) == []
    assert found(TEXT.replace('feedback = {nl = "Sam weet hier niets van.", en = "Sam does not know about this."}', ""))


def test_the_way_follows_the_right_answers() -> None:
    assert [scene.key for scene in sample().path()] == ["sleeping-photo", "password"], "the extra scene comes after a wrong answer alone"


def test_the_lesson_in_the_guide_is_sound() -> None:
    guide = (Path(__file__).parents[2] / "docs/lessons.md").read_text(encoding="utf-8")
    lesson = guide.split("```toml\n")[1].split("```")[0]
    unit, problems = read(lesson, "2-sleeping-photo.toml", {"OOG-3.2.5": True})
    assert unit is not None and not problems
