"""Addresses of the pages (`/kc/…`) and of the REST surface (`/api/kc/v1/…`)."""

from __future__ import annotations

from django.urls import include, path

from workflows import views
from workflows.pages.letter_link import letter_link

app_name = "kc_workflows"

_case = [
    path("", views.case_page, name="case"),
    path("do/<str:step>/", views.step_page, name="step"),
    path("record/<slug:milestone>/", views.record_page, name="record"),
    path("entry/<int:n>/retract/", views.retract_page, name="retract"),
    path("owner/", views.owner_page, name="owner"),
    path("decide/", views.decide, name="decide"),
    path("letter/<uuid:letter>/", views.letter_page, name="letter"),
    path("letter/<uuid:letter>/pdf/", views.letter_pdf, name="letter_pdf"),
    path("person/<uuid:person>/", views.person_page, name="person"),
    path("person/<uuid:person>/wrong/", views.correct_page, name="correct"),
]

urlpatterns = [
    path("kc/", views.desk, name="desk"),
    path("kc/new/", views.report, name="report"),
    path("kc/approvals/", views.approvals, name="approvals"),
    path("kc/blank/", views.blank, name="blank"),
    path("kc/brief/<str:token>/", letter_link, name="letter_link"),
    path("kc/case/<uuid:key>/", include(_case)),
    path("kc/school/<slug:slug>/setup/", include("workflows.pages.people_urls")),
    path("api/kc/v1/cases/", views.cases, name="api_cases"),
    path("api/kc/v1/cases/<uuid:key>/steps/", views.case_steps, name="api_steps"),
]
