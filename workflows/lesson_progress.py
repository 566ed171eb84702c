"""Where somebody is in the lessons of a level, and what an answer changes.

PURE: lessons and marks in, values out. A question is tried until its right answer is found. A wrong choice may lead to an
extra scene first, which shows what comes of it; then the question comes back. A question that was found can be asked anew: it is
then found once more, and what it earned stays. The rows behind the marks are `workflows.module`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from .lessons import Choice, Scene, Unit

MOST_TRIES = 99
"""Where counting stops."""

Place = tuple[str, str]
"""Key of a lesson and key of a scene in it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one question: never what was chosen."""

    tries: int = 0
    right_first: bool = False
    solved: bool = False

    def counts(self, attempts: int) -> bool:
        """Whether the answer was found within so many tries (0: however many it took)."""
        return self.solved and (not attempts or self.tries <= attempts)


class OutOfTurn(Exception):
    """An answer that is not asked for now: `why` is "unknown" (no such question), "nothing chosen", "later" or "not open" (the lesson)."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Progress:
    """Lessons as one school teaches them, with somebody's marks.

    `extra` is the extra scene they were led to; `anew` are questions that were found before and are asked once more.
    """

    units: tuple[Unit, ...]
    marks: Mapping[Place, Mark] = field(default_factory=dict)
    extra: Place | None = None
    anew: frozenset[Place] = frozenset()

    def as_earned(self) -> Progress:
        """Return the progress with nothing asked anew: what counts for a grade or a diploma."""
        return replace(self, anew=frozenset())

    def only(self, keys: Collection[str]) -> Progress:
        """Return the progress in some of the lessons; a key that no lesson has counts for nothing."""
        return replace(self, units=tuple(unit for unit in self.units if unit.key in keys))

    def unit(self, key: str) -> Unit | None:
        """Return the lesson with this key."""
        return next((unit for unit in self.units if unit.key == key), None)

    def mark(self, unit: Unit, scene: Scene) -> Mark:
        """Return the mark of a question; one never tried has an empty mark."""
        return self.marks.get((unit.key, scene.key), Mark())

    def is_asked_anew(self, unit: Unit) -> bool:
        """Whether some question of a lesson was found before and waits to be found once more."""
        return any(key == unit.key for key, _scene in self.anew)

    def _found(self, unit: Unit, scene: Scene) -> bool:
        return self.mark(unit, scene).solved and (unit.key, scene.key) not in self.anew

    def current(self, unit: Unit) -> Scene | None:
        """Return the scene whose turn it is; None when all are solved."""
        return self.extra_in(unit) or next((scene for scene in unit.path() if not self._found(unit, scene)), None)

    def extra_in(self, unit: Unit) -> Scene | None:
        """Return the extra scene that is open in this lesson."""
        scene = unit.scene(self.extra[1]) if self.extra is not None and self.extra[0] == unit.key else None
        return scene if scene is not None and not self._found(unit, scene) else None

    def solved(self, unit: Unit) -> int:
        """Return how many questions of a lesson are solved, and not asked anew."""
        return sum(self._found(unit, scene) for scene in unit.path())

    def is_done(self, unit: Unit) -> bool:
        """Whether every question of a lesson is solved."""
        return self.solved(unit) == len(unit.path())

    def is_begun(self, unit: Unit) -> bool:
        """Whether some question of a lesson was tried."""
        return any(self.mark(unit, scene).tries and (unit.key, scene.key) not in self.anew for scene in unit.scenes)

    @property
    def is_finished(self) -> bool:
        """Whether every lesson is done; with no lessons nothing is."""
        return bool(self.units) and all(self.is_done(unit) for unit in self.units)

    def share(self, attempts: int = 0) -> float:
        """Return the part (0 to 1) of all questions whose answer was found within `attempts` tries (0: ever)."""
        asked = [self.mark(unit, scene) for unit in self.units for scene in unit.path()]
        return sum(mark.counts(attempts) for mark in asked) / len(asked) if asked else 0.0

    def to_practise(self, unit: Unit, attempts: int) -> tuple[Scene, ...]:
        """Return the solved questions of a lesson that took more than `attempts` tries."""
        return tuple(scene for scene in unit.path() if (mark := self.mark(unit, scene)).solved and not mark.counts(attempts))

    def again(self, unit: Unit, scenes: Iterable[Scene]) -> Progress:
        """Return the progress with these questions to be tried anew. That the first try was wrong once stays known."""
        fresh = {(unit.key, scene.key): replace(self.mark(unit, scene), tries=0, solved=False) for scene in scenes}
        return replace(self, marks={**self.marks, **fresh})

    def answer(self, unit_key: str, scene_key: str, choice_key: str, seen: int) -> Turn:
        """Return what an answer brings.

        The same form sent twice changes nothing the second time: a wrong choice counts once per number of tries `seen`, and
        a question that is solved stays so. One asked anew keeps its mark: a wrong choice only leads on, the right one ends the asking.

        Args:
            seen: how many tries there were when the question was shown.

        Raises:
            OutOfTurn: no such question, no such choice, or a question whose turn has not come.
        """
        unit = self.unit(unit_key)
        scene = unit.scene(scene_key) if unit else None
        if unit is None or scene is None:
            raise OutOfTurn("unknown")
        choice = scene.choice(choice_key)
        if choice is None:
            raise OutOfTurn("nothing chosen")
        place = (unit.key, scene.key)
        known = self.marks.get(place)
        again = place in self.anew
        if (known is None or again) and scene != self.current(unit):
            raise OutOfTurn("later")
        mark = known or Mark()
        if not again and (mark.solved or not (choice.right or seen == mark.tries)):
            return Turn(self, unit, scene, choice, changed=False)
        first = known is None and choice.right
        new = mark if again else Mark(min(mark.tries + 1, MOST_TRIES), mark.right_first or first, choice.right)
        led = unit.scene(choice.then) if choice.then and not choice.right else None
        extra = None if choice.right and self.extra == place else self.extra
        extra = (unit.key, led.key) if led is not None else extra
        anew = self.anew - {place} if choice.right else self.anew
        return Turn(replace(self, marks={**self.marks, place: new}, extra=extra, anew=anew), unit, scene, choice, changed=choice.right or not again)


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer and what came of it: the progress after it, and whether it changed anything."""

    progress: Progress
    unit: Unit
    scene: Scene
    choice: Choice
    changed: bool = True

    @property
    def mark(self) -> Mark:
        """The mark of the question after this answer."""
        return self.progress.mark(self.unit, self.scene)
