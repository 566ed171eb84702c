"""Wrong packs speak: in the command, at boot, and when one was edited after a case had followed it."""

from __future__ import annotations

import re
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import cast

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from tests.unit.kernel import layer
from workflows import protocol, scenarios
from workflows.checks import packs_are_kept, packs_are_sound
from workflows.models import PackSeal
from workflows.vocabulary import (
    CATEGORIES,
    FIELDS,
    FORMS,
    KINDS,
    LETTERS,
    MILESTONES,
    PUBLICATIONS,
    PURPOSES,
    ROLES,
    SELECTORS,
    SIGNERS,
    STATES,
    STEPS,
)  # fmt: skip

SOUND = '[steps.police.consider]\nroles = ["employee"]\ncites = "A1"\n' + "".join(
    f'[steps.police.{step}]\ncites = "A1"\n' for step in ("report", "decline", "conclude")
)
WRONG = SOUND.replace('"employee"', '"employe"')


def write(folder: Path, body: str) -> Path:
    path = folder / "mine" / "2026-01-01.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(layer(body, head='key = "mine"\nin_force = 2026-01-01\nsource = "Test"\n'), encoding="utf-8")
    return path


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("check_protocol", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_a_sound_pack_passes(tmp_path: Path) -> None:
    assert run(str(write(tmp_path, SOUND))).splitlines()[-1] == "1 passed, 0 failed"


def test_a_wrong_pack_is_named_with_file_key_and_hint(tmp_path: Path) -> None:
    out = StringIO()
    path = write(tmp_path, WRONG)
    with pytest.raises(CommandError) as failed:
        call_command("check_protocol", str(path), stdout=out, no_color=True)
    assert failed.value.returncode == 1
    first, second, last = out.getvalue().splitlines()
    assert first == f"{path}: steps.police.consider.roles: Unknown role “employe”. Did you mean “employee”?"
    assert second == f"{path}: 1 problems"
    assert last == "0 passed, 1 failed"


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(CommandError):
        run("no/such/file.toml")


def test_a_terminal_that_knows_no_accents_is_told_all_the_same() -> None:
    out = TextIOWrapper(BytesIO(), encoding="ascii")
    with pytest.raises(CommandError):
        call_command("check_protocol", "no/such/café.toml", stdout=out, no_color=True)
    out.flush()
    assert b"caf\\xe9.toml" in cast(BytesIO, out.buffer).getvalue()


def test_without_a_file_every_pack_is_checked(settings: Settings, tmp_path: Path) -> None:
    settings.KC_PROTOCOL_DIRS = [str(tmp_path)]
    write(tmp_path, SOUND)
    assert run().splitlines()[-1] == f"{len(protocol.all_packs()) + 1} passed, 0 failed"


def test_the_vocabulary_has_every_word() -> None:
    told = run("--vocabulary")
    for words in (STATES, STEPS, *MILESTONES.values(), FIELDS, SELECTORS, SIGNERS, PURPOSES, PUBLICATIONS, ROLES, CATEGORIES, KINDS, LETTERS, FORMS):
        assert all(f"  {word}" in told for word in words)


@pytest.mark.django_db
def test_the_scenario_of_the_documentation_plays(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "packs.md").read_text(encoding="utf-8")
    (example,) = (one for one in re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if "[[scenario]]" in one)
    path = tmp_path / "documentation.toml"
    path.write_text(example, encoding="utf-8")
    out = StringIO()
    assert scenarios.run_here([path], out) == (1, 0), out.getvalue()


STORY = """protocol = "groningen/2024-12-01"
sector = "vo"
[[scenario]]
name = "a report"
steps = [{by = "mentor", do = "incident.report", suspect = "pupil", category = "threat"}]
expect = {incident = "reported"}
"""


@pytest.mark.django_db
def test_scenario_files_as_people_keep_them(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "mark.toml").write_bytes(b"\xef\xbb\xbf" + STORY.replace("\n", "\r\n").encode())
    (tmp_path / "plain.toml").write_text(STORY, encoding="utf-8")
    out = StringIO()
    assert scenarios.run_here([tmp_path, tmp_path / "**" / "pl*.toml", tmp_path / "bel*"], out) == (4, 0), out.getvalue()
    for name, text in (("empty", ""), ("none", STORY.split("[[")[0]), ("table", STORY.replace("[[", "[").replace("]]", "]"))):
        (tmp_path / "below" / f"{name}.toml").write_text(text, encoding="utf-8")
    assert scenarios.run_here([tmp_path / "below", tmp_path / "no**.toml", tmp_path / "none.toml", ""], out) == (1, 6)


WRONG_NAMES = (
    ('category = "threat"', 'category = "threats"', "“threats” is not one of the choices. Known: cyberbullying, insult"),
    ('category = "threat"', 'categorie = "threat"', "no field “categorie”. It has category, suspects"),
    ('do = "incident.report"', 'do = "incident.raport"', "Did you mean “incident.report”?"),
    ('do = "incident.report"', 'do = "parents_informed"', "write record = “parents_informed”"),
    ('do = "incident.report"', 'record = "parents_told"', "Did you mean “parents_informed”?"),
    ('suspect = "pupil"', 'suspect = "pupils"', "“pupils” is not in the cast: administrator"),
    ("expect = {incident", "expect = {incidents", "Did you mean “incident”?"),
    ('{incident = "reported"}', "{sees = {teecher = false}}", "“teecher” is not in the cast"),
    ('{incident = "reported"}', '{tasks = ["phone_returned"]}', "tasks = {name = …}"),
    ('{incident = "reported"}', '["reported"]', "expect is a table"),
    ("steps = [{by", "steps = [1, {by", "steps is a list of tables"),
    ('"threat"}]', '"threat", denied = ["OOG-9"]}]', "should be denied by OOG-9, but is allowed; the protocol has no article OOG-9."),
    ('"threat"}]', '"threat", denied = true}]', "should be denied, but is allowed"),
    ('"threat"}]', '"threat"}, {at = 2026-03-01}]', "step 2 (the clock): at = 2026-03-01 lies before 2026-03-02 09:00"),
    (STORY.splitlines()[4], "steps = []", "there is nothing to play"),
    ('name = "a report"', 'name = "a report"\ntoday = "yesterday"', "today: 'yesterday' is no day or moment"),
    ('name = "a report"\n', "today = 5\n", ", without a name\n       today: 5 is no day"),
    ('"threat"}]', '"threat"}, {by = "mentor", do = "incident.close", denied = "OOG-9"}]', "the protocol has no article OOG-9."),
    ('{incident = "reported"}', '{incident = "closed"}\nsettings = {gray_zone = "…"}', "has no setting gray_zone; it has"),
    ('{incident = "reported"}', "{}\ncast = {pupil = {years = 9}}", "years: This is not known of a person."),
)


@pytest.mark.django_db
def test_a_wrong_name_in_a_scenario_is_named_with_the_right_ones(tmp_path: Path) -> None:
    head, story = STORY.split("[[scenario]]")
    path, other, out = tmp_path / "wrong.toml", tmp_path / "other.toml", StringIO()
    path.write_text(head + "".join("[[scenario]]" + story.replace(wrong, right) for wrong, right, _ in WRONG_NAMES), encoding="utf-8")
    other.write_text(STORY.replace("groningen", "grunningen"), encoding="utf-8")
    assert scenarios.run_here([path, other], out) == (0, len(WRONG_NAMES) + 1), out.getvalue()
    told = out.getvalue()
    for said in (*(said for _, _, said in WRONG_NAMES), "Did you mean “groningen”?"):
        assert said in told, (said, told)


@pytest.mark.django_db
def test_a_scenario_that_is_not_text_is_named_with_its_line(tmp_path: Path) -> None:
    path, out = tmp_path / "old.toml", StringIO()
    path.write_bytes(STORY.replace("a report", "privé").encode("latin-1"))
    assert scenarios.run_here([path], out) == (0, 1)
    assert "not written in UTF-8 (line 4)" in out.getvalue()


OTHER_WAYS = """protocol = "groningen/2024-12-01"
sector = "vo"
[[scenario]]
name = "nothing denied, a time of the day under way, days in quotes, a beginning before nine"
today = "2026-03-02"
steps = [
  {at = 08:30, by = "mentor", do = "incident.report", suspect = "pupil", category = "threat", denied = []},
  {at = 2026-03-02, by = "director", do = "incident.triage", severity = 3, denied = false},
  {at = 11:00, by = "mentor", record = "parents_informed", person = "parent", channel = "phone", happened = 10:45},
  {at = 2026-03-02, by = "mentor", do = "incident.discuss", person = "pupil"},
  {by = "mentor", do = "measure.propose", kind = "confiscate_phone"},
  {by = "director", do = "measure.approve", on = "measure"},
  {by = "director", do = "incident.sanction", on = "incident"},
]
expect = {incident = "sanctioned", tasks = {phone_returned = "2026-03-02"}}
[[scenario]]
name = "names with a dot and no quotes"
steps = [
  {by = "mentor", do = "incident.report", suspect = "pupil", category = "threat"},
  {by = "director", do = "incident.triage", severity = 3},
  {by = "mentor", do = "measure.propose", on = "incident", kind = "class_change", answers = {OOG-4.4-3a = "Both asked for it."}},
  {by = "teacher", do = "account.request", account_kind = "school"},
]
expect = {measure = "proposed", tasks = {account.approve = 2026-03-09}}
"""


@pytest.mark.django_db
def test_a_scenario_may_be_written_in_other_ways_too(tmp_path: Path) -> None:
    path, out = tmp_path / "forms.toml", StringIO()
    path.write_text(OTHER_WAYS, encoding="utf-8")
    assert scenarios.run_here([path], out) == (2, 0), out.getvalue()


@pytest.mark.django_db
def test_a_scenario_may_follow_a_day_before_the_first_version(tmp_path: Path) -> None:
    path = tmp_path / "early.toml"
    path.write_text(STORY.replace("2024-12-01", "2020-01-01"), encoding="utf-8")
    assert scenarios.run_here([path], StringIO()) == (1, 0)


def test_a_wrong_pack_stops_the_boot(settings: Settings, tmp_path: Path) -> None:
    settings.KC_PROTOCOL_DIRS = [str(tmp_path)]
    write(tmp_path, WRONG)
    (found,) = packs_are_sound(None)
    assert (found.id, found.hint) == ("kc.E001", "Did you mean “employee”?")
    assert "2026-01-01.toml: steps.police.consider.roles" in found.msg
    assert found in run_checks()


def test_a_folder_that_is_not_there_stops_the_boot(settings: Settings, tmp_path: Path) -> None:
    settings.KC_PROTOCOL_DIRS = [str(tmp_path / "none")]
    assert [found.id for found in packs_are_sound(None)] == ["kc.E002"]


def test_the_packs_of_the_product_boot() -> None:
    assert packs_are_sound(None) == []


@pytest.mark.django_db
def test_a_pack_edited_after_it_was_followed(settings: Settings, tmp_path: Path) -> None:
    settings.KC_PROTOCOL_DIRS = [str(tmp_path)]
    path = write(tmp_path, SOUND)
    followed = protocol.load(path).layers[-1]
    PackSeal.objects.create(
        key=followed.key, in_force=followed.in_force, sha256=followed.sha256, sealed_at="2026-01-02T09:00:00Z"
    )
    assert packs_are_kept(None, databases=["default"]) == []
    assert packs_are_kept(None) == [], "a boot does not ask the database"
    path.write_text(path.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    (found,) = packs_are_kept(None, databases=["default"])
    assert found.id == "kc.E003"
    assert "edited" in found.msg
    path.unlink()
    (found,) = packs_are_kept(None, databases=["default"])
    assert "gone" in found.msg
