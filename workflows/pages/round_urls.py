"""Addresses of asking many at once, and of the forms on paper that come back."""

from __future__ import annotations

from django.urls import path

from workflows.pages import paper, rounds

urlpatterns = [
    path("rounds/", rounds.round_list, name="rounds"),
    path("rounds/new/", rounds.round_new, name="round_new"),
    path("rounds/yearly/", rounds.round_yearly, name="round_yearly"),
    path("rounds/<uuid:key>/", rounds.round_page, name="round"),
    path("rounds/<uuid:key>/forms/", rounds.round_forms, name="round_forms"),
    path("request/<uuid:key>/paper/", paper.root_paper, name="root_paper"),
    path("paper/", paper.paper_code, name="paper"),
    path("paper/<str:code>/", paper.paper_form, name="paper_form"),
]
