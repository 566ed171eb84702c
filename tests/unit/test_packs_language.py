"""The language of packs: what a file may say, what is said of a wrong one, and that the documentation holds."""

from __future__ import annotations

import doctest
import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.kernel import HEAD, layer
from workflows import vocabulary
from workflows.guards import GUARDS
from workflows.line_reader import UNITS
from workflows.pack_reader import read
from workflows.packs import HOME
from workflows.protocol import LoadError, check, check_file, from_texts
from workflows.rules import STRENGTHS, known_places
from workflows.sentences import Word, gettext_noop, sentence

DOCS = Path(__file__).parents[2] / "docs" / "packs.md"
TEXT = DOCS.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def wrong(body: str, head: str = HEAD) -> list[str]:
    """What is said of a layer, without the file."""
    _, problems = read(layer(body, head=head), "file")
    return [f"{problem.key}: {problem.message} {problem.hint}".strip() for problem in problems]


def in_line(said: str, place: str = "steps.measure.impose") -> list[str]:
    return wrong(f'[{place}]\nrequires = [{{{said}, cites = "A1"}}]')


FIRST = "steps.measure.impose.requires[1]"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('guard = "recordet", what = "heard"', f"{FIRST}.guard: Unknown guard “recordet”. Did you mean “recorded”?"),
        ('guard = "recorded", what = "herd"', f"{FIRST}.what: Unknown milestone “herd”. Did you mean “heard”?"),
        (
            'guard = "recorded", what = "measure.aprove"',
            f"{FIRST}.what: Unknown step “measure.aprove”. Did you mean “measure.approve”?",
        ),
        (
            'guard = "recorded", what = "heard", of = "subjects"',
            f"{FIRST}.of: Unknown selector “subjects”. Did you mean “subject”?",
        ),
        (
            'guard = "recorded", what = "heard", since = "proposed"',
            f"{FIRST}.since: Unknown step “proposed”. Did you mean “propose”?",
        ),
        ('guard = "recorded", what = "heard", by = ["boss"]', f"{FIRST}.by: Unknown role “boss”. See `check_protocol --vocabulary`."),
        ('guard = "recorded"', f"{FIRST}: The guard recorded needs what = …."),
        ('guard = "by_role", roles = []', f"{FIRST}.roles: The list is empty."),
        ('guard = "filled", fields = ["reasn"]', f"{FIRST}.fields: Unknown field “reasn”. Did you mean “reason”?"),
        (
            'guard = "one_of", field = "kind", values = ["warnning"]',
            f"{FIRST}.values: Unknown value “warnning”. Did you mean “warning”?",
        ),
        ('guard = "one_of", field = "kind"', f"{FIRST}: The guard one_of needs either values or values_from."),
        ('guard = "at_most", field = "school_days", value = "5"', f"{FIRST}.value: “5” is neither a number nor a date."),
        (
            'guard = "linked", type = "police", states = ["reproted"]',
            f"{FIRST}.states: Unknown state “reproted”. Did you mean “reported”?",
        ),
        (
            'guard = "linked", type = "pollice", states = ["reported"]',
            f"{FIRST}.type: Unknown case type “pollice”. Did you mean “police”?",
        ),
        ('guard = "filed", file = "drawer"', f"{FIRST}.file: Unknown file “drawer”. Known: pupil_file, personnel_file."),
        ('guard = "never", strength = "hard"', f"{FIRST}.strength: Unknown strength “hard”. Known: advise, answer, block."),
        ('guard = "never", answer_by = ["board"]', f"{FIRST}.answer_by: Only a line of strength “answer” can be answered."),
        ('guard = "never", role = "board"', f"{FIRST}.role: Unknown key “role”. Known: guard, when, strength, answer_by, cites."),
        (
            'guard = "never", when = {knd = "warning"}',
            f"{FIRST}.when.knd: Unknown fact “knd”. Did you mean “kind”?",
        ),
        (
            'guard = "never", when = {category = "slander"}',
            f"{FIRST}.when.category: Unknown category “slander”. See `check_protocol --vocabulary`.",
        ),
        ('guard = "never", when = {severity = 5}', f"{FIRST}.when.severity: Unknown value “5”. Known: 0, 1, 2, 3, 4."),
        ('guard = "never", when = {published = "yes"}', f"{FIRST}.when.published: Unknown value “yes”. Known: True, False."),
        ('guard = "never", when = {age_under = "16"}', f"{FIRST}.when.age: “16” is neither a number nor a date."),
        (
            'strength = "block"',
            f'{FIRST}: A line without a guard demands nothing. Name a guard, or only show it: strength = "advise".',
        ),
    ],
)
def test_a_wrong_line_is_named_with_a_hint(said: str, problem: str) -> None:
    assert in_line(said)[0] == problem


def test_a_line_without_a_citation_does_not_load() -> None:
    said = f'{FIRST}: This line cites no article. Add cites = "…": a line without a citation does not load.'
    assert wrong('[steps.measure.impose]\nrequires = [{guard = "never"}]') == [said]
    assert wrong('[steps.measure.impose]\nroles = ["board"]') == [said.replace(".requires[1]", "")]
    with pytest.raises(LoadError, match="cites no article"):
        from_texts(layer('[steps.measure.impose]\nrequires = [{guard = "never"}]'))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('[steps.measure.impos]\nroles = ["board"]\ncites = "A1"', "steps.measure.impos: Unknown step “impos”. Did you mean “impose”?"),
        ('[steps.mesure.impose]\nroles = ["board"]\ncites = "A1"', "steps.mesure: Unknown case type “mesure”. Did you mean “measure”?"),
        ('[records.incident.herd]\ncites = "A1"', "records.incident.herd: Unknown milestone “herd”. Did you mean “heard”?"),
        (
            '[steps.measure.impose]\nrole = ["board"]\ncites = "A1"',
            "steps.measure.impose.role: Unknown key “role”. Did you mean “roles”?",
        ),
        (
            '[steps.measure.impose]\nduties = [{task = "heard", within = {weeks = 1}, cites = "A1"}]',
            "steps.measure.impose.duties[1].within: A duty needs one term. within = {school_days = 0}, {hours = 4} or {days = 14}.",
        ),
        (
            '[steps.measure.impose]\nduties = [{task = "heard", within = {days = 1}, owner = "boss", cites = "A1"}]',
            "steps.measure.impose.duties[1].owner: Unknown role “boss”. See `check_protocol --vocabulary`.",
        ),
        (
            '[steps.measure.impose]\nduties = [{task = "heard", within = {days = 1}, from = "kind", cites = "A1"}]',
            "steps.measure.impose.duties[1].from: “kind” is no field with a date. "
            "Known: acted_on, first_day, return_talk_on, due_on, meeting_at, happened, until, account_until, tie_since, contact_since, review_on, "
            "opened_on, last_day.",
        ),
        (
            '[steps.measure.impose]\nletters = [{letter = "suspenson", to = "subject", cites = "A1"}]',
            "steps.measure.impose.letters[1].letter: Unknown letter “suspenson”. Did you mean “suspension”?",
        ),
        (
            '[steps.measure.impose]\nletters = [{letter = "suspension", cites = "A1"}]',
            'steps.measure.impose.letters[1]: A letter needs an addressee. For example to = "each_guardian".',
        ),
        ('[settings.kind]\ncites = "A1"', "settings.kind: “kind” is already the name of a fact. Give the setting another name."),
        (
            '[settings.policy]\ncites = "A1"\nchoices = {never = {nl = "nooit"}}',
            "settings.policy.choices.never: A choice needs its words: en = … and nl = ….",
        ),
        (
            '[signers.consent]\nlines = [{who = "parent", cites = "A1"}]',
            "signers.consent.lines[1].who: Unknown signer “parent”. Known: guardian, self, pupil, employee, outsider.",
        ),
        (
            '[steps.round.send]\nrequires = [{guard = "by_role", roles = ["director"], when = {adressees_at_least = 101}, cites = "A1"}]',
            "steps.round.send.requires[1].when.adressees: Unknown fact “adressees”. Did you mean “addressees”?",
        ),
        (
            '[categories.vr]\nnl = "x"\nen = "x"',
            'categories."vr": A school\'s own category begins with “local.”.',
        ),
        (
            '[channels]\nroutes = ["pigeon"]\ncites = "A1"',
            "channels.routes: Unknown route “pigeon”. Known: handed_over, post, email, portal.",
        ),
        ('[letters.suspension]\nsays = "A1"', "letters.suspension.says: This must be a list of tables: [{…}, {…}]."),
        ("[setings]", "setings: Unknown key “setings”. Did you mean “settings”?"),
    ],
)
def test_a_wrong_table_is_named_with_a_hint(body: str, problem: str) -> None:
    assert wrong(body) == [problem]


def test_a_head_that_is_incomplete() -> None:
    assert wrong("", head="") == [
        'key: A pack needs key = "…".',
        "in_force: A pack needs in_force = a date without quotes, as 2024-08-01.",
        "source: A pack names its document: source = “…”.",
    ]
    assert wrong("", head=HEAD.replace("2026-01-01", '"2026-01-01"')) == [
        "in_force: A pack needs in_force = a date without quotes, as 2024-08-01."
    ]


def test_no_toml_at_all() -> None:
    _, problems = read("key = [", "file")
    assert str(problems[0]).startswith("file: This is no valid TOML")
    _, problems = read("key = 1\nkey = 2", "file")
    assert "no valid TOML" in str(problems[0]), "a key said twice"


def test_an_article_is_said_in_both_languages() -> None:
    assert wrong('[articles.A1]\nen = "x"') == ['articles."A1": An article needs its rule in plain words: en = … and nl = ….']


def test_an_article_that_no_layer_has() -> None:
    text = layer('[steps.measure.impose]\nroles = ["board"]\ncites = ["A1", "B1"]')
    with pytest.raises(LoadError, match=r"steps\.measure\.impose\.cites: Unknown article “B1”\. Known: A1\."):
        from_texts(text)


def test_a_missing_date_comes_before_what_is_extended(tmp_path: Path) -> None:
    file = tmp_path / "oak.toml"
    file.write_text('key = "oak"\nsource = "s"\nextends = ["nl-po", "kc"]\n', encoding="utf-8")
    assert [problem.key for problem in check_file(file)] == ["in_force"]


def test_a_statute_says_of_each_article_whether_it_is_confirmed() -> None:
    assert wrong('[steps.measure.impose]\nroles = ["board"]\ncites = "A1"', head=HEAD + 'sector = ["po"]') == [
        'articles."A1": A statute\'s article says confirmed = true or false.'
    ]


def test_what_a_layer_below_declares_is_known_above() -> None:
    below = layer('[settings.grey_zone]\ncites = "A1"\n[categories."local.vr"]\nnl = "x"\nen = "x"')
    above = layer(
        '[steps.measure.impose]\nrequires = [{guard = "never", when = {grey_zone = "talk", category = "local.vr"}, cites = "A2"}]',
        head=HEAD.replace("test", "above"),
    )
    assert set(from_texts(below, above).categories) == {"local.vr"}


@pytest.mark.parametrize("value", ["3", '"x"', "true", "[1]", "2026-01-01", "{x = 1}", "[]"])
@pytest.mark.parametrize(
    "place",
    [
        "{v}",
        "[{v}]",
        "[{{guard = {v}}}]",
        '[{{guard = "by_role", roles = {v}, cites = "A1"}}]',
        '[{{guard = "recorded", what = {v}, of = {v}, value = {v}, by = {v}, since = {v}, each = {v}, cites = "A1"}}]',
        '[{{guard = "one_of", field = {v}, values = {v}, cites = "A1"}}]',
        '[{{guard = "linked", type = {v}, states = {v}, at_least = {v}, via = {v}, cites = "A1"}}]',
        '[{{guard = "never", when = {v}, strength = {v}, cites = {v}}}]',
        '[{{guard = "never", when = {{kind = {v}, age_under = {v}}}, cites = "A1"}}]',
    ],
)
def test_any_value_in_any_place_gives_problems_and_no_crash(place: str, value: str) -> None:
    _, problems = read(layer("[steps.measure.impose]\nrequires = " + place.format(v=value)), "file")
    assert problems, "nothing of this fits"


@pytest.mark.parametrize(
    "key", ["extends", "drops", "sector", "articles", "steps", "records", "settings", "letters", "categories", "channels"]
)
@pytest.mark.parametrize("value", ["3", '"x"', "[1]", "{x = 1}", "true"])
def test_any_value_in_the_head_gives_problems_and_no_crash(key: str, value: str) -> None:
    _, problems = read(f"{key} = {value}\n{HEAD}", "file")
    assert problems or (key, value) in {("extends", "[1]"), ("drops", "[1]")}


# sentences


def test_words_in_a_sentence_are_joined_as_people_do() -> None:
    template = gettext_noop("Only {roles} may do this.")
    roles = tuple(Word("role", role) for role in ("mentor", "director", "board"))
    assert str(sentence(template, roles=roles)) == "Only mentor, director or board may do this."
    assert str(sentence("{fields}", fields=(Word("field", "kind"), Word("field", "reason")))) == "Measure and Reason"
    assert str(sentence("{value}", value=True)) == "yes"
    assert str(Word("category", "local.vr_headset")) == "vr headset"


# the documentation


def articles_for(text: str) -> str:
    """The articles that an example cites without declaring them."""
    cited = set(re.findall(r'"(SUN-\d)"', text)) - set(re.findall(r'\[articles\."(SUN-\d)"\]', text))
    return "".join(f'[articles."{key}"]\nen = "e"\nnl = "n"\n' for key in sorted(cited))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_each_example_of_the_documentation_loads_and_is_sound(number: int) -> None:
    text = EXAMPLES[number]
    if "[[scenario]]" in text:
        assert tomllib.loads(text)["scenario"][0]["steps"]
        return
    whole = text if text.startswith("key") else f"{HEAD}\n{articles_for(text)}\n{text}"
    base = [next(HOME.glob(f"{key}/*.toml")).read_text(encoding="utf-8") for key in ("nl-po", "kc")]
    found = check(from_texts(*(base if "extends" in whole else []), whole))
    # Examples show single steps, so that what makes a whole protocol is not asked of them.
    told = [str(one) for one in found if not re.search("can ever begin|cannot be reached|share no role", one.message)]
    assert told == []


def test_the_documentation_runs() -> None:
    failed, tried = doctest.testfile(str(DOCS), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried
    assert not failed


def test_the_documentation_names_every_word_of_the_language() -> None:
    examples = "\n".join(EXAMPLES)
    assert {name for name in GUARDS if f'guard = "{name}"' not in examples} == set()
    for words in (vocabulary.FACT_KEYS, vocabulary.SELECTORS, UNITS):
        assert {word for word in words if f"`{word}`" not in TEXT and f"`{word}" not in TEXT and word not in examples} == set()
    assert all(f'"{one}"' in TEXT for one in STRENGTHS)
    for key in ("value", "since", "each", "by", "values_from", "at_least", "via", "answer_by", "from", "owner", "confirmed", "drops"):
        assert f"`{key}" in TEXT or f"{key} = " in examples


def test_every_place_is_a_step_or_a_milestone() -> None:
    assert "steps.measure.impose" in known_places()
    assert "records.incident.any" in known_places()
    assert len(known_places()) == len(set(known_places()))
