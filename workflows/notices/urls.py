"""Addresses of the notices of one case."""

from __future__ import annotations

from django.urls import path

from workflows.notices import views

app_name = "notices"

urlpatterns = [
    path("new/<slug:kind>/", views.new, name="new"),
    path("<int:notice_pk>/", views.show, name="show"),
    path("<int:notice_pk>/pdf/", views.pdf, name="pdf"),
]
