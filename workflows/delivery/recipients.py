"""Who gets a copy of a letter today, and by which routes: asked at sending, because authority may have changed since the step."""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows import calling_off, clock
from workflows.models import Guardianship, Involvement, Letter
from workflows.models.people import Authority, Dated
from workflows.pinned import protocol_of
from workflows.vocabulary import ROUTES

CHILD = 12
"""Under this age a pupil's own copy is handed over in person: a child of primary school gets no mail from the school."""


def no_copy_for(letter: Letter) -> str:
    """Return why the addressee gets no copy today, in a sentence; empty when they do.

    Nobody whose authority is unknown, absent or limited by a court; no guardian of somebody who is 18; nobody about a
    person who was put in the case by mistake.
    """
    day = clock.today()
    about, reader = letter.about, letter.addressee
    if about is not None and was_mistaken(letter):
        return calling_off.mistaken()
    if letter.state != Letter.State.SENT and was_called_off(letter):
        return calling_off.called_off()
    if reader is None or about is None or reader.pk == about.pk or reader.kind == "employee":
        return ""
    if about.kind != "pupil":
        return _("This letter is for the person concerned alone.")
    if about.is_adult_on(day):
        return _("The pupil is 18: the letter is for the pupil alone.")
    tie = Guardianship.objects.filter(Dated.active(day), pupil=about, guardian=reader).first()
    if tie is None:
        return _("This person is no parent or carer of the pupil today.")
    if tie.authority != Authority.YES:
        return _("The authority of this parent or carer is not settled; without it no letter goes out.")
    return ""


def was_mistaken(letter: Letter) -> bool:
    """Whether the letter is about somebody who was put in the case by mistake."""
    rows = Involvement.objects.filter(case=letter.root, person=letter.about)
    return rows.exists() and not rows.filter(masked=False).exists()


def was_called_off(letter: Letter) -> bool:
    """Whether the measure or the case it tells of has come to nothing."""
    return bool(calling_off.CALLED_OFF & {letter.case.state, letter.root.state})


def routes_of(letter: Letter) -> tuple[str, ...]:
    """Return the routes by which this copy may go, the preferred one first.

    The protocol's routes and order, narrowed to those of the school; a child under 12 gets its own copy in person.
    """
    if letter.addressee is None:
        return ()
    allowed = protocol_of(letter.root).routes or tuple(ROUTES)
    school = [route for route in letter.root.school.channels if route in allowed] or list(allowed)
    own = letter.addressee_id == letter.about_id and letter.addressee.kind == "pupil"
    age = letter.addressee.age_on(clock.today())
    if own and (age is None or age < CHILD):
        return ("handed_over",)
    return tuple(school)
