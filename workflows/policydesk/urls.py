"""Addresses of the policy desk. A version is named by the first digits of its digest."""

from __future__ import annotations

from django.urls import path, register_converter

from workflows.policydesk import access, draftviews, reachviews, views
from workflows.policydesk.versions import KEY_DIGITS


class VersionKey:
    """The first digits of a digest."""

    regex = f"[0-9a-f]{{{KEY_DIGITS}}}"

    def to_python(self, value: str) -> str:
        """Take it as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Write it as it is."""
        return value


register_converter(VersionKey, "version")

app_name = "policydesk"

urlpatterns = [
    path("", views.version_list, name="versions"),
    path("compare/", views.compare, name="compare"),
    path("drafts/", draftviews.draft_list, name="drafts"),
    path("drafts/<int:pk>/", draftviews.draft, name="draft"),
    path("drafts/<int:pk>/change/", draftviews.change, name="draft-change"),
    path("drafts/<int:pk>/name/", draftviews.rename_draft, name="draft-rename"),
    path("drafts/<int:pk>/lists.xlsx", draftviews.download_draft, name="draft-workbook"),
    path("drafts/<int:pk>/submit/", draftviews.hand_in, name="draft-submit"),
    path("drafts/<int:pk>/return/", draftviews.send_draft_back, name="draft-return"),
    path("drafts/<int:pk>/publish/", draftviews.publish_draft, name="draft-publish"),
    path("drafts/<int:pk>/withdraw/", draftviews.withdraw_draft, name="draft-withdraw"),
    path("<version:key>/", views.overview, name="version"),
    path("<version:key>/draft/", draftviews.new, name="draft-new"),
    path("<version:key>/lists.xlsx", draftviews.download, name="workbook"),
    path("<version:key>/findings/", views.findings, name="findings"),
    path("<version:key>/unverified/", views.unverified, name="unverified"),
    path("<version:key>/reach/", reachviews.table, name="reach"),
    path("<version:key>/reach/picture/", reachviews.picture, name="picture"),
    path("<version:key>/matters/<str:code>/", views.matter, name="matter"),
    path("<version:key>/measures/<str:code>/", views.measure, name="measure"),
    path("<version:key>/lists/<str:code>/", views.list_type, name="list"),
    path("<version:key>/bars/<str:code>/", views.bar, name="bar"),
    path("<version:key>/bases/<str:code>/", views.basis, name="basis"),
    path("<version:key>/<slug:section>/", views.section, name="section"),
    path("<path:rest>/", access.lost, name="lost"),
]
