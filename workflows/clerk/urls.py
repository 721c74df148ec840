"""Addresses of the officers' pages outside the flow's own steps."""

from __future__ import annotations

from django.urls import include, path

from workflows.clerk import clockviews, debts, emergency, latechecks, lists, outbox, promiseviews, views

app_name = "clerk"

urlpatterns = [
    path("", views.home, name="home"),
    path("work/", lists.worklist, name="worklist"),
    path("work/queue/", lists.queue, name="queue"),
    path("work/done/", lists.done, name="done"),
    path("work/new/", views.new, name="new"),
    path("work/held/", views.held, name="held"),
    path("work/late/", latechecks.late_checks, name="late"),
    path("work/debts/", debts.owed_checks, name="debts"),
    path("work/debts/<int:debt>/", debts.handled, name="debt-handled"),
    path("work/outbox/", outbox.deliveries, name="outbox"),
    path("work/outbox/<int:number>/", outbox.steered, name="outbox-steered"),
    path("work/emergencies/", emergency.review_list, name="emergencies"),
    path("work/emergencies/<int:request_pk>/", emergency.review, name="emergency-review"),
    path("find/", views.find, name="find"),
    path("cases/<int:process_pk>/", views.CaseView.as_view(), name="case"),
    path("cases/<int:process_pk>/notices/", include("workflows.notices.urls")),
    path("cases/<int:process_pk>/withdraw/", views.withdraw_case, name="withdraw"),
    path("cases/<int:process_pk>/correct/", views.correct_case, name="correct"),
    path("cases/<int:process_pk>/supply/", views.supply_materials, name="supply"),
    path("cases/<int:process_pk>/clocks/", clockviews.clocks, name="clocks"),
    path("cases/<int:process_pk>/promise/", promiseviews.promise_text, name="promise"),
    path("cases/<int:process_pk>/promise/paper/", promiseviews.sign_on_paper, name="promise-paper"),
    path("cases/<int:process_pk>/promise/act/", promiseviews.act, name="promise-act"),
    path("cases/<int:process_pk>/files/<int:file>/", promiseviews.handed_in, name="file"),
    path("cases/<int:process_pk>/chart/", views.chart, name="chart"),
    path("cases/<int:process_pk>/credit/", views.credit_settle, name="credit-settle"),
    path("cases/<int:process_pk>/emergency/", emergency.ask, name="emergency-ask"),
    path("cases/<int:process_pk>/emergency/<int:request_pk>/", emergency.confirm, name="emergency-confirm"),
    path("cases/<int:process_pk>/claim/<int:task_pk>/", views.claim, name="claim"),
]
