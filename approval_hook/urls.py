"""Addresses that platforms call; include them under a prefix of your own."""

from __future__ import annotations

from django.urls import path

from approval_hook.callbacks import callback

app_name = "approval_hook"

urlpatterns = [path("callback/<slug:source>/", callback, name="callback")]
