"""Addresses of the applicants' pages."""

from __future__ import annotations

from django.urls import path

from workflows.citizen import notices, views

app_name = "citizen"

urlpatterns = [
    path("", views.cases, name="cases"),
    path("<str:case_no>/", views.case, name="case"),
    path("<str:case_no>/promise/", views.promise, name="promise"),
    path("<str:case_no>/promise/withdraw/", views.withdraw_promise, name="withdraw-promise"),
    path("<str:case_no>/supply/", views.supply, name="supply"),
    path("<str:case_no>/notices/<int:notice_pk>/", notices.show, name="notice"),
    path("<str:case_no>/notices/<int:notice_pk>/pdf/", notices.pdf, name="notice-pdf"),
    path("<str:case_no>/files/<int:file>/", views.handed_in, name="file"),
]
