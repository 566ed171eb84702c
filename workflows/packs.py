"""Finds pack files and puts their layers on each other.

PURE but for reading files: no Django, no clock. A pack lies at `<folder>/<key>/<in-force date>.toml`; the product's own
folder is `workflows/protocols`, and a school's own come with `search`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from .line_reader import hint
from .pack_reader import read
from .rules import Layer, LoadError, Problem, Protocol, combine

HOME = Path(__file__).parent / "protocols"
"""The packs that come with the product."""

Stamp = tuple[str, int, int]
"""A file as it lies there now: path, moment of its last change (ns), size (bytes)."""


def load(path_or_key: str | Path, *, search: Sequence[str | Path] = (), on: date | None = None) -> Protocol:
    """Load a protocol with all its layers.

    Args:
        path_or_key: a pack file, a key (`groningen`), or a key with a day (`groningen/2025-03-01`).
        search: folders with packs of the school, before the product's own.
        on: the day whose version is asked; each layer is the newest in force on it. Without it: the day in the key, for a
            file the day it is in force, else the newest of all.

    Returns:
        The protocol with the layers of all sectors; `for_sector` picks those of a school.

    Raises:
        LoadError: no such pack, no version on that day, or anything wrong in one of the layers.
    """
    folders = (*(Path(one) for one in search), HOME)
    path = Path(path_or_key)
    if path.suffix == ".toml":
        if not path.is_file():
            raise LoadError((Problem(str(path), "", "There is no such file."),))
        return _from_stamps(_chain(path, on, (*folders, path.resolve().parent.parent)))
    key, _, day = str(path_or_key).partition("/")
    if day:
        try:
            on = on or date.fromisoformat(day)
        except ValueError:
            raise LoadError((Problem(str(path_or_key), "", f"“{day}” is no day."),)) from None
    found = version(key, on, folders)
    if found is None:
        raise LoadError((_absent(str(path_or_key), "", key, on, folders),))
    return _from_stamps(_chain(found, on or date.max, folders))


def versions(key: str, folders: Iterable[Path]) -> dict[date, Path]:
    """Every version of a pack by the day it comes into force; the first folder wins."""
    found: dict[date, Path] = {}
    for folder in folders:
        place = folder / key
        if place.is_dir():
            for day, path in _listing(place, place.stat().st_mtime_ns):
                found.setdefault(day, path)
    return found


@lru_cache(maxsize=256)
def _listing(place: Path, changed: int) -> tuple[tuple[date, Path], ...]:
    """The dated files of a folder; `changed` (ns) makes a new file show."""
    found = []
    for path in sorted(place.glob("*.toml")):
        try:
            found.append((date.fromisoformat(path.stem), path))
        except ValueError:
            continue
    return tuple(found)


def version(key: str, on: date | None, folders: Iterable[Path]) -> Path | None:
    """The file of a pack that is in force on a day, or its newest; None when there is none."""
    days = {day: path for day, path in versions(key, folders).items() if on is None or day <= on}
    return days[max(days)] if days else None


def all_packs(search: Sequence[str | Path] = ()) -> tuple[Path, ...]:
    """Every pack file in the folders, the product's own last."""
    folders = (*(Path(one) for one in search), HOME)
    return tuple(path for folder in folders for path in sorted(folder.glob("*/*.toml")))


def articles_of(search: Sequence[str | Path] = ()) -> dict[str, bool]:
    """Every article that some pack carries, and whether it has words for pupils everywhere it stands.

    A pack that cannot be read carries nothing; its own check says why.
    """
    found: dict[str, bool] = {}
    for path in all_packs(search):
        layer, _ = _layer(_stamp(path))
        for key, article in layer.articles.items() if layer else ():
            found[key] = found.get(key, True) and bool(article.pupil)
    return found


def turning_days(protocol: Protocol, search: Sequence[str | Path] = ()) -> tuple[date, ...]:
    """The days on which a layer below changes while this version is in force, its own first day included.

    A pack is sound when it is sound on each of them.
    """
    folders = (*(Path(one) for one in search), HOME)
    later = [day for day in versions(protocol.key, folders) if day > protocol.in_force]
    end = min(later, default=date.max)
    changes = {day for layer in protocol.layers[:-1] for day in versions(layer.key, folders)}
    return (protocol.in_force, *sorted(day for day in changes if protocol.in_force < day < end))


def digest(path: Path) -> str:
    """The SHA-256 of a pack's text, in hexadecimal, as `Layer.sha256` has it."""
    return sha256(path.read_text(encoding="utf-8").encode()).hexdigest()


def _absent(file: str, key: str, wanted: str, on: date | None, folders: Iterable[Path]) -> Problem:
    folders = tuple(folders)
    days = sorted(versions(wanted, folders))
    if days:
        return Problem(file, key, f"No version of “{wanted}” was in force on {on}.", f"Its first is of {days[0]}.")
    known = sorted({path.name for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_dir()})
    return Problem(file, key, f"There is no pack “{wanted}”.", hint(wanted, known))


def _stamp(path: Path) -> Stamp:
    about = path.stat()
    return str(path), about.st_mtime_ns, about.st_size


def _chain(path: Path, on: date | None, folders: tuple[Path, ...]) -> tuple[Stamp, ...]:
    """The files of all layers, the most basic first, each once."""
    ordered: list[Stamp] = []
    problems: list[Problem] = []
    below: list[str] = []

    def visit(file: Path, day: date | None) -> None:
        stamp = _stamp(file)
        layer, wrong = _layer(stamp)
        if layer is None:
            problems.extend(wrong)
            return
        day = day or layer.in_force
        if day == date.min:  # it does not say since when; that comes before what it extends
            problems.extend(wrong)
            return
        if layer.key in below:
            problems.append(Problem(str(file), "extends", f"“{layer.key}” extends itself."))
            return
        below.append(layer.key)
        for key in layer.extends:
            base = version(str(key), day, folders)
            if base is None:
                problems.append(_absent(str(file), "extends", str(key), day, folders))
            elif str(base) not in {known for known, _, _ in ordered}:
                visit(base, day)
        below.pop()
        ordered.append(stamp)

    visit(path, on)
    if problems:
        raise LoadError(tuple(problems))
    return tuple(ordered)


@lru_cache(maxsize=256)
def _layer(stamp: Stamp) -> tuple[Layer | None, tuple[Problem, ...]]:
    try:
        return read(Path(stamp[0]).read_text(encoding="utf-8"), stamp[0])
    except UnicodeDecodeError:
        return None, (Problem(stamp[0], "", "This file is not written in UTF-8."),)


@lru_cache(maxsize=128)
def _from_stamps(stamps: tuple[Stamp, ...]) -> Protocol:
    return _build((path, Path(path).read_text(encoding="utf-8")) for path, _, _ in stamps)


def from_texts(*texts: str) -> Protocol:
    """Load a protocol from the text of its layers, the most basic first: for tests and for trying a rule out.

    Raises:
        LoadError: anything wrong in one of them.
    """
    return _build((f"text {number}", text) for number, text in enumerate(texts, 1))


def _build(files: Iterable[tuple[str, str]]) -> Protocol:
    layers: list[Layer] = []
    problems: list[Problem] = []
    for file, text in files:
        below = {
            "categories": [key for layer in layers for key in layer.categories],
            "settings": [setting.key for layer in layers for setting in layer.settings],
        }
        layer, wrong = read(text, file, below)
        problems += wrong
        if layer is not None:
            problems += [*_unknown_articles(layer, layers), *_misplaced(layer)]
            layers.append(layer)
    if problems:
        raise LoadError(tuple(problems))
    return combine(layers)


def _unknown_articles(layer: Layer, below: Iterable[Layer]) -> list[Problem]:
    known = {key for one in (*below, layer) for key in one.articles}
    return [Problem(layer.file, _cites(layer, key), f"Unknown article “{key}”.", hint(key, known)) for key in sorted(layer.cited - known)]


def _cites(layer: Layer, article: str) -> str:
    """Return the first key that cites an article."""
    said = [(line.key, line.articles) for line in layer.lines]
    said += [(duty.place, duty.articles) for duty in layer.duties] + [(letter.place, letter.articles) for letter in layer.letters]
    said += [(one.key, one.articles) for one in layer.signers]
    said += [(f"settings.{one.key}", one.cites) for one in layer.settings] + [(f"letters.{one.letter}", one.articles) for one in layer.clauses]
    return next((f"{key.removesuffix('.roles')}.cites" for key, articles in said if article in articles), "cites")


def _misplaced(layer: Layer) -> list[Problem]:
    """A dated file says the same key and day as its name, because it is found by its name."""
    path = Path(layer.file)
    try:
        day = date.fromisoformat(path.stem)
    except ValueError:
        return []
    if (path.parent.name, day) == (layer.key, layer.in_force):
        return []
    message = f"This file is “{layer.key}” of {layer.in_force}."
    return [Problem(layer.file, "key", message, f"It must lie at {layer.key}/{layer.in_force}.toml.")]
