"""What a pupil finds in the media-literacy block, as plain values for its templates. Decides nothing and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from workflows import api

_STEP = re.compile(r"([a-z0-9-]{1,60}):([a-z0-9-]{1,60}):([0-9]{1,2}):([01])")
_MOST_STEPS = 200


class Asked:
    """What the course asks of its pupils, read from the block when it matters: each field it reads may cost a query.

    A course that was imported may bring what no form would have kept; it counts as the nearest that is asked for.
    """

    def __init__(self, block: Any) -> None:
        self._block = block

    @property
    def tries(self) -> int:
        """Tries that count; 0: all."""
        return max(self._block.tries or 0, 0)

    @property
    def pass_mark(self) -> float:
        """The part of the questions (0 to 1) to be found in them."""
        return min(self._block.pass_mark or 0, 100) / 100

    def passed(self, progress: api.Progress) -> bool:
        """Whether this progress is what the course asks."""
        return progress.as_earned().is_finished and progress.share(self.tries) >= self.pass_mark


def unit_to_show(learning: api.Learning, *wanted: str) -> api.Unit | None:
    """Return the lesson somebody is in: the first of `wanted` that is not done, else the first that is not done, else the last.

    None where every lesson waits for something else.
    """
    progress = learning.progress
    units = [unit for unit in progress.units if unit.key not in learning.closed]
    asked = [found for key in wanted if (found := progress.unit(key)) in units]
    return next((unit for unit in [*asked, *units] if unit and not progress.is_done(unit)), units[-1] if units else None)


def awaited(learning: api.Learning) -> list[api.Awaited]:
    """Return what the lessons that are closed wait for."""
    return api.module.parts_awaited(learning.protocol, learning.awaits) if learning.protocol is not None else []


def shown(learning: api.Learning, asked: Asked, unit: api.Unit, *, turn: api.Turn | None = None, problem: str = "") -> dict[str, Any]:
    """Return what the part of the card that changes shows.

    Args:
        learning: where the reader is, in the block's lessons alone.
        asked: what the course asks.
        unit: the lesson that is shown.
        turn: the answer just given, for its feedback.
        problem: why a form came back.
    """
    progress = learning.progress
    led_away = turn is not None and not turn.choice.right and progress.extra_in(unit) is not None
    scene = turn.scene if turn is not None else progress.current(unit)
    number = progress.units.index(unit) + 1
    context = {
        "unit": {"key": unit.key, "title": api.in_language(unit.title), "about": api.in_language(unit.about)},
        "where": _("Lesson %(n)s of %(all)s") % {"n": number, "all": len(progress.units)} if len(progress.units) > 1 else "",
        "solved": progress.solved(unit),
        "questions": len(unit.path()),
        "problem": problem,
        "overview": _overview(learning, unit),
        "anew": progress.is_asked_anew(unit),
        "awaits": awaited(learning),
        "feedback": _feedback(learning, unit, turn) if turn is not None else None,
    }
    if scene is None:
        return {**context, "end": _end(learning, asked, unit), "where_exactly": pgettext("module", "done")}
    if led_away:
        return {**context, "where_exactly": _place(progress, unit, scene)}
    answered = turn.choice if turn is not None and turn.choice.right else None
    tried = turn.choice if turn is not None and not turn.choice.right else None
    tries = progress.mark(unit, scene).tries
    return {
        **context,
        "where_exactly": _place(progress, unit, scene),
        "scene": {
            "key": scene.key,
            "title": api.in_language(scene.title),
            "story": api.in_language(scene.story),
            "question": api.in_language(scene.question),
            "choices": [
                {"key": one.key, "text": api.in_language(one.text), "right": one is answered, "tried": one is tried} for one in scene.choices
            ],
            "answered": answered is not None,
            "seen": tries,
            "first": tries == 0 and progress.solved(unit) == 0 and answered is None,
        },
        "counting": asked.tries if asked.tries and answered is None and (unit.key, scene.key) not in progress.anew else 0,
    }


def _place(progress: api.Progress, unit: api.Unit, scene: api.Scene) -> str:
    """Say which question this is, in words."""
    keys = [one.key for one in unit.path()]
    if scene.key not in keys:
        return _("extra question")
    return _("question %(n)s of %(all)s") % {"n": keys.index(scene.key) + 1, "all": len(keys)}


def _feedback(learning: api.Learning, unit: api.Unit, turn: api.Turn) -> dict[str, Any]:
    progress, right = learning.progress, turn.choice.right
    extra = not right and progress.extra_in(unit) is not None
    following = progress.current(unit)
    return {
        "right": right,
        "first": right and turn.mark.tries == 1,
        "text": api.in_language(turn.choice.feedback),
        "rules": api.module.rules_taught(learning.protocol, turn.scene),
        "extra": extra,
        "back": right and turn.scene not in unit.path() and following is not None,
        "last": right and following is None,
    }


def _end(learning: api.Learning, asked: Asked, unit: api.Unit) -> dict[str, Any]:
    """What stands at the end of a lesson: the rules it taught, cards to talk about it, and what comes now."""
    progress = learning.progress
    rules = {rule.text: rule for scene in unit.path() for rule in api.module.rules_taught(learning.protocol, scene)}
    place = progress.units.index(unit)
    ahead = [*progress.units[place + 1 :], *progress.units[:place]]
    following = next((one for one in ahead if not progress.is_done(one) and one.key not in learning.closed), None)
    practise = progress.to_practise(unit, asked.tries) if progress.only([unit.key]).share(asked.tries) < asked.pass_mark else ()
    return {
        "rules": list(rules.values()),
        "class_card": [api.in_language(one) for one in unit.class_card],
        "home_card": [api.in_language(one) for one in unit.home_card],
        "next": {"key": following.key, "title": api.in_language(following.title)} if following is not None else None,
        "practise": len(practise),
        "finished": progress.is_finished,
        "diploma": learning.run is not None and learning.run.finished_at is not None,
        "passed": asked.passed(progress),
    }


def _overview(learning: api.Learning, here: api.Unit) -> list[dict[str, Any]]:
    """Every lesson with how far it is, in words."""
    progress = learning.progress
    rows = []
    for unit in progress.units:
        solved, of = progress.solved(unit), len(unit.path())
        if unit.key in learning.closed:
            state = _("opens later")
        elif progress.is_done(unit):
            state = pgettext("module", "done")
        elif progress.is_begun(unit):
            state = _("%(n)s of %(all)s questions done") % {"n": solved, "all": of}
        else:
            state = _("not begun yet")
        told = {"key": unit.key, "title": api.in_language(unit.title), "state": state, "done": progress.is_done(unit), "here": unit is here}
        rows.append({**told, "closed": unit.key in learning.closed})
    return rows


# A preview keeps nothing anywhere: where somebody is in it travels with its forms.


def trail_of(progress: api.Progress) -> str:
    """Write the marks of a preview down for its next form."""
    marks = [f"{unit}:{scene}:{mark.tries}:{int(mark.solved)}" for (unit, scene), mark in progress.marks.items()]
    return ",".join(marks[-_MOST_STEPS:])


def marks_from(trail: str) -> dict[tuple[str, str], api.Mark]:
    """Read the marks of a preview; what cannot be read counts for nothing."""
    found = (_STEP.fullmatch(step) for step in trail.split(",")[:_MOST_STEPS])
    return {(step[1], step[2]): api.Mark(int(step[3]), False, step[4] == "1") for step in found if step}


def extra_from(text: str) -> tuple[str, str] | None:
    """Read which extra scene is open, `lesson/scene`."""
    unit, _slash, scene = text.partition("/")
    return (unit, scene) if unit and scene else None


def narrowed(learning: api.Learning, units: Collection[str]) -> api.Learning:
    """Return where somebody is in the lessons of one block alone; keys of lessons that are gone count for nothing."""
    return replace(learning, progress=learning.progress.only(units)) if units else learning


def catalogue(learnings: Mapping[int, api.Learning]) -> list[dict[str, Any]]:
    """Every level with its lessons, for an author who chooses some."""
    return [
        {
            "level": level,
            "ages": api.LEVELS[level],
            "units": [
                {"key": unit.key, "name": f"unit:{level}:{unit.key}", "title": api.in_language(unit.title), "questions": len(unit.path())}
                for unit in found.progress.units
            ],
        }
        for level, found in learnings.items()
    ]
