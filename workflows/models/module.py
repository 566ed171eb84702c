"""How far a pupil is with the media-literacy module: a run through a level, its answers, and the diploma at the end.

No row holds what a pupil chose, and none knows a case: a question was tried so often, and found.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LessonRun(models.Model):
    """A pupil's way through one level in one school year. `pins`: the protocol whose rules it teaches until the end."""

    pii: ClassVar[str] = "Which level of the media-literacy module a pupil works on, and since when."

    person = models.ForeignKey("kc_workflows.Person", on_delete=models.CASCADE, related_name="lesson_runs")
    level = models.PositiveSmallIntegerField()
    school_year = models.CharField(max_length=9, help_text="As 2026-2027.")
    pins = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "level", "school_year"], name="kc_lesson_run_once")]


class LessonAnswer(models.Model):
    """One question of a run: how often tried, whether the first try was right, whether it was found. Never which choice was made."""

    pii: ClassVar[str] = "How often a pupil tried a question of the module; not what they chose."

    run = models.ForeignKey(LessonRun, on_delete=models.CASCADE, related_name="answers")
    unit = models.CharField(max_length=60)
    scene = models.CharField(max_length=60)
    tries = models.PositiveSmallIntegerField(default=0)
    right_first = models.BooleanField(default=False)
    solved = models.BooleanField(default=False)
    at = models.DateTimeField(help_text="When it was tried last.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "unit", "scene"], name="kc_lesson_answer_once")]


class Diploma(models.Model):
    """The proof that a pupil went through a level. Anyone can check its code, and learns school, level and year alone."""

    pii: ClassVar[str] = "Ties a code to a pupil's run."

    run = models.OneToOneField(LessonRun, on_delete=models.CASCADE, related_name="diploma")
    code = models.CharField(max_length=20, unique=True)
    made_at = models.DateTimeField()


class ProgrammeItem(models.Model):
    """One part of a group's yearly programme (class talk, poster …): planned on a day, done on a day, or both."""

    pii: ClassVar[str] = "Which member of staff ticked it off."

    group = models.ForeignKey("kc_workflows.Group", on_delete=models.CASCADE, related_name="programme")
    school_year = models.CharField(max_length=9, help_text="As 2026-2027.")
    item = models.CharField(max_length=60)
    planned_on = models.DateField(null=True)
    done_on = models.DateField(null=True)
    done_by = models.ForeignKey("kc_workflows.Person", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "school_year", "item"], name="kc_programme_once")]
