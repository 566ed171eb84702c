"""The repository tests itself: personal data noted, templates used, strings translated, sources whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.core.management import call_command
from django.db.models import Model
from django.template.loader import get_template

from workflows.management.commands import draw_machines

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates"
PYTHON = sorted([*ROOT.glob("workflows/**/*.py"), *ROOT.glob("kc_xblock/**/*.py")])
CATALOGUES = sorted([*ROOT.glob("locale/*/LC_MESSAGES/*.po"), *ROOT.glob("tests/host/locale/*/LC_MESSAGES/*.po")])
MODELS = [model for label in ("kc_workflows", "kc_xblock") for model in apps.get_app_config(label).get_models()]


def tracked(*patterns: str) -> list[Path]:
    """Files under version control; without git (an unpacked sdist) every file."""
    done = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=False)
    names = done.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_model_says_which_personal_data_it_holds(model: type[Model]) -> None:
    """`pii` is one sentence for the register of processing; a proxy may inherit it."""
    note = getattr(model, "pii", "")
    assert isinstance(note, str) and len(note) >= 4, "it needs `pii: ClassVar[str]`: which personal data, or none and why"


@pytest.mark.parametrize("goal", ["demo-fresh", "demo-data"])
def test_a_new_demo_is_not_held_to_the_log_of_an_old_one(goal: str) -> None:
    """Heads that were kept outside an old database would make `verify_log` call every school of the new one tampered with."""
    told = subprocess.run(["make", "--dry-run", goal], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    assert re.search(r"rm -rf [^\n]*\bvar/log-heads\b", told)


def test_each_template_is_used() -> None:
    """A template that no code, template or naming rule asks for is dead."""
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in [*PYTHON, *TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]
    )
    unused = []
    for template in sorted(path for path in TEMPLATES.rglob("*") if path.is_file()):
        parts = template.relative_to(TEMPLATES).parts
        # Code may leave out leading folders that a helper adds, and compute the last part: setup/{template}.html.
        names = ["/".join(parts[start:]) for start in range(len(parts))]
        asked = [f'"{name}"' for name in names] + [f"{name.rpartition('/')[0]}/{{" for name in names[:-1]]
        if not any(mention in sources for mention in asked):
            unused.append(names[0])
    assert not unused


@pytest.mark.parametrize(
    "name", [str(path.relative_to(TEMPLATES)) for path in sorted(TEMPLATES.rglob("*")) if path.is_file()]
)
def test_each_template_parses(name: str) -> None:
    """A misspelt tag shows here and not first before a parent's eyes."""
    get_template(name)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_string_is_translated(path: Path) -> None:
    """Nothing untranslated, nothing fuzzy, and every placeholder of the source in the translation."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parts[-3])
    untranslated, wrong = [], []
    for message in catalogue:
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        targets = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy or not all(targets):
            untranslated.append(sources[0])
            continue
        named = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
        if set(named.findall(sources[-1])) != set(named.findall(targets[-1])):
            wrong.append(sources[0])
    assert not untranslated
    assert not wrong, "placeholders differ"


def test_dutch_is_there() -> None:
    """The product's users are Dutch; the catalogue is not optional."""
    assert (ROOT / "locale/nl/LC_MESSAGES/django.po").is_file()


def test_the_locale_folder_is_no_package() -> None:
    """An __init__.py there would shadow the standard library's `locale`."""
    assert not list(ROOT.glob("locale/**/__init__.py"))


def test_no_file_names_a_machine() -> None:
    """Nothing in the repository depends on whose machine made it."""
    here = re.compile(r"/(?:root|home|work)/\w|/tmp/\w+[-_/]")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*.py", "*.md", "*.toml", "*.sh", ".ci/*", "Makefile", "*.txt", "*.html", "*.js", "*.css")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if here.search(line)
    ]
    assert not found


def test_no_browser_test_pauses_or_waits_for_silence() -> None:
    """A test waits for what it asks: a pause is too short on a busy machine, and a network falls silent before it has begun."""
    waits = re.compile(r"wait_for_timeout|networkidle|\bsleep\(")
    found = [str(path.relative_to(ROOT)) for path in tracked("tests/browser/*.py") if waits.search(path.read_text(encoding="utf-8"))]
    assert not found


def test_the_drawings_are_those_of_the_machines() -> None:
    """A drawing that lies is worse than none: `make diagrams` draws them anew."""
    assert (ROOT / "docs/machines.md").read_text(encoding="utf-8") == draw_machines.document()


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    """The models and their migrations say the same."""
    call_command("makemigrations", "kc_workflows", check=True, dry_run=True, verbosity=0)
