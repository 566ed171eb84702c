"""Addresses of the pages (`/kc/…`) and of the REST surface (`/api/kc/v1/…`)."""

from __future__ import annotations

from django.urls import include, path

from workflows import views
from workflows.pages.answer import answer_page
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
    path("letter/<uuid:letter>/copy/", views.letter_copy, name="letter_copy"),
    path("person/<uuid:person>/", views.person_page, name="person"),
    path("person/<uuid:person>/wrong/", views.correct_page, name="correct"),
]

urlpatterns = [
    path("kc/", views.desk, name="desk"),
    path("kc/new/", views.report, name="report"),
    path("kc/approvals/", views.approvals, name="approvals"),
    path("kc/pictures/", views.pictures, name="pictures"),
    path("kc/register/<slug:name>/", views.register, name="register"),
    path("kc/class/", views.class_page, name="class"),
    path("kc/class/<int:group>/programme/<slug:item>/", views.programme_part, name="programme"),
    path("kc/class/print/<slug:kind>/", views.sheet, name="sheet"),
    path("kc/lessons/", views.to_lessons, name="to_lessons"),
    path("kc/diploma/", views.check_diploma, name="diploma"),
    path("kc/diploma/mine/", views.my_diplomas, name="my_diplomas"),
    path("kc/diploma/<slug:code>/pdf/", views.diploma_pdf, name="diploma_pdf"),
    path("kc/more/", views.more, name="more"),
    path("kc/blank/", views.blank, name="blank"),
    path("kc/answer/<str:token>/", answer_page, name="answer"),
    path("kc/brief/<str:token>/", letter_link, name="letter_link"),
    path("kc/case/<uuid:key>/", include(_case)),
    path("kc/request/<uuid:key>/", views.root_page, name="root"),
    path("kc/request/<uuid:key>/answer/", views.root_answer, name="root_answer"),
    path("kc/request/<uuid:key>/links/", views.root_links, name="root_links"),
    path("kc/consents/own/", views.own_consents, name="own_consents"),
    path("kc/connections/new/", views.new_connection, name="new_connection"),
    path("kc/accounts/new/", views.new_account, name="new_account"),
    path("kc/", include("workflows.pages.round_urls")),
    path("kc/school/<slug:slug>/setup/", include("workflows.pages.people_urls")),
    path("api/kc/v1/cases/", views.cases, name="api_cases"),
    path("api/kc/v1/cases/<uuid:key>/steps/", views.case_steps, name="api_steps"),
]
