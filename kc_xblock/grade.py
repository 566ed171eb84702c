"""The grade of the media-literacy module, as the platform asks for it: counted from this year's rows, kept in the learner's state, published."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.utils import timezone
from xblock.completable import CompletableXBlockMixin
from xblock.fields import Float, Scope
from xblock.scorable import ScorableXBlockMixin, Score

from kc_xblock import compat, module_page
from kc_xblock.viewer import named_id
from workflows import api


class GradedByLessons(ScorableXBlockMixin, CompletableXBlockMixin):  # type: ignore[misc] # XBlock has no type hints
    """What the platform asks of a block whose questions earn a grade. The block has the fields `level`, `units`, `tries` and `after_due`."""

    earned = Float(default=None, scope=Scope.user_state, help="The grade that was published last, 0 to 1.")

    @property
    def _asked(self) -> module_page.Asked:
        return module_page.Asked(self)

    def max_score(self) -> float:
        """Return the most that can be earned."""
        return 1.0

    def has_submitted_answer(self) -> bool:
        """Whether this learner has earned anything here yet."""
        return self.earned is not None

    def get_score(self) -> Score:
        """Return the grade that was published last."""
        return Score(raw_earned=self.earned or 0.0, raw_possible=1.0)

    def set_score(self, score: Score) -> None:
        """Keep a grade."""
        self.earned = score.raw_earned / score.raw_possible

    def calculate_score(self) -> Score:
        """Count anew from this year's rows of the learner this runtime is bound to, as when an author changed what counts.

        Without such rows the grade stays as it was: a new school year takes none away.
        """
        user = get_user_model().objects.filter(pk=named_id(self)).first()
        place = api.place_in(user, compat.course_key_of(self))
        if place is None or place.pupil is None:
            return self.get_score()
        place.pupil.school = place.school
        learning = module_page.narrowed(api.module.learning(place.pupil, self.level), self.units)
        return Score(learning.progress.share(self._asked.tries), 1.0) if learning.run is not None else self.get_score()

    def rescore(self, only_if_higher: bool | None) -> None:
        """Count anew when course staff ask for it, keep the grade, and publish it.

        Args:
            only_if_higher: keep the old grade where the new one is lower.

        Raises:
            ValueError: this learner has not answered anything yet.
        """
        if not self.has_submitted_answer():
            raise ValueError("There is no answer to grade anew.")
        score = self.calculate_score()
        if not only_if_higher or score.raw_earned > self.get_score().raw_earned:
            self.set_score(score)
        self.publish_grade(score, only_if_higher)

    def publish_grade(self, score: Score | None = None, only_if_higher: bool | None = None) -> None:
        """Tell the platform a grade, without one the grade that is kept; it calls this after course staff set one by hand."""
        self._publish_grade(score or self.get_score(), only_if_higher)

    @property
    def is_late(self) -> bool:
        """Whether the due date that the platform gives a block (with its days of grace) is over; a self-paced course has none."""
        due = None if getattr(self, "self_paced", False) else getattr(self, "due", None)
        return due is not None and timezone.now() > due + (getattr(self, "graceperiod", None) or timedelta())

    @property
    def is_closed(self) -> bool:
        """Whether the due date ended these lessons."""
        return self.is_late and self.after_due == "closed"

    @property
    def counts(self) -> bool:
        """Whether an answer given now changes grade and completion."""
        return not self.is_late or self.after_due == "open"

    def is_uncounted(self, learning: api.Learning) -> bool:
        """Whether every lesson was done, but some of it elsewhere in the course, so that this block has not published it."""
        return self.counts and learning.progress.is_finished and learning.progress.share(self._asked.tries) > (self.earned or 0.0)
