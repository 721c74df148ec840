"""Addresses of the stock host: Viewflow's own pages of one flow."""

from django.urls import path
from viewflow.contrib.auth import AuthViewset
from viewflow.urls import Site
from viewflow.workflow.flow import FlowViewset, WorkflowAppViewset

from tests.flows.flows import HumanFlow

flows = WorkflowAppViewset(flow_viewsets=[FlowViewset(HumanFlow)], app_name="workflow")
site = Site(title="host", viewsets=[flows])
urlpatterns = [path("accounts/", AuthViewset().urls), path("", site.urls)]
