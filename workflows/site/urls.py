"""All addresses of the application."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language
from viewflow.urls import Site

from approval_hook.readiness import metrics, readiness
from workflows.clerk.viewsets import LicensingFlowViewset, LicensingViewset
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow
from workflows.notices.verifying import verify

site = Site(
    title="行政许可办理",
    viewsets=[
        LicensingViewset(
            flow_viewsets=[LicensingFlowViewset(FoodBusinessFlow), LicensingFlowViewset(RideHailingDriverFlow)]
        )
    ],
)

urlpatterns = [
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(success_url="/password/done/"), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("ready/", readiness, name="ready"),
    path("metrics/", metrics, name="metrics"),
    path("verify/", verify, name="verify"),
    path("", include("workflows.clerk.urls")),
    path("my/", include("workflows.citizen.urls")),
    path("rules/", include("workflows.policydesk.urls")),
    path("flows/", site.urls),
]
if apps.is_installed("approval_hook"):
    urlpatterns.append(path("platforms/", include("approval_hook.urls")))

handler403 = "workflows.clerk.errors.permission_denied"
