"""Scenario S-08, in an emergency: two people let a case be decided before the platform answers, and a third looks."""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from viewflow.fsm.base import TransitionConditionsUnmet
from viewflow.workflow.exceptions import FlowLockFailed
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from adapters.simulator import FaultKind
from approval_hook import clock, emergency, gate, privacy, triggers
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow import attending
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import CreditDecision, EmergencyAct, Point, Reply
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import fresh, hold, key_of, opinion, recheck, statuses, task_of
from workflows.models import FoodBusinessCase, PenaltyDecision

#: Who sees the list of emergency releases.
WATCHING = ("head", "head2", "manager")
REASON = "台风登陆，应急食堂明日须供餐。"


@pytest.fixture
def down(wired: Any, wire: Any) -> Any:
    """The required platform never answers."""
    wired.province.control.fault(FaultKind.HANG)
    wire(province=wired.province.url, creditchina=wired.creditchina.url, seconds=0.25)
    return wired


@pytest.fixture
def held(down: Any, office: Any) -> Any:
    """A case held before its decision because the platform has not answered."""
    return held_case(office, people.firm(8101).filing())


def held_case(office: Any, filing: dict[str, Any]) -> Any:
    """File, accept and review while the platform is down."""
    case = office.file(filing)
    office.do(case, "accept")
    office.do(case, "review")
    assert statuses(case)["credit_before_decide"] == "STARTED"
    return case


def ask(office: Any, case: Any, who: str = "head", text: str = REASON, hours: str = "6") -> Any:
    """Ask on the case page."""
    return office.browsers[who].post(reverse("clerk:emergency-ask", args=[case.pk]), {"text": text, "hours": hours})


def confirm(office: Any, case: Any, who: str = "head2", text: str = "情况属实，同意。") -> Any:
    """Confirm the newest request on the case page."""
    asked = EmergencyAct.objects.filter(kind="asked", host_key=key_of(case)).latest("pk")
    url = reverse("clerk:emergency-confirm", args=[case.pk, asked.pk])
    return office.browsers[who].post(url, {"text": text})


def review(office: Any, case: Any, who: str, text: str = "放行必要，补查无异常。") -> Any:
    """Review the newest request on the list."""
    asked = EmergencyAct.objects.filter(kind="asked", host_key=key_of(case)).latest("pk")
    return office.browsers[who].post(reverse("clerk:emergency-review", args=[asked.pk]), {"text": text})


def closed(case: Any) -> None:
    """Nothing was released."""
    assert statuses(case)["credit_before_decide"] == "STARTED"
    assert task_of(case, "decide") is None
    assert not CreditDecision.objects.filter(host_key=key_of(case), origin="emergency").exists()


def test_s08_two_people_release_and_a_third_reviews(
    held: Any, office: Any, down: Any, wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Asked, confirmed, decided without credit effect, alarmed, owed a re-check, and open for review until reviewed."""
    with caplog.at_level(logging.WARNING, "approval_hook"):
        assert ask(office, held).status_code == 302
        closed(held)
        assert "等待第二人批准" in office.page(held, "head2")
        offered = {who: office.browsers[who].get(reverse("clerk:emergencies")).content.decode() for who in WATCHING}
        assert {who for who in WATCHING if "到办件页批准" in offered[who]} == {"head2"}
        assert all("尚未放行" in text and held.firm_name in text for text in offered.values())
        assert confirm(office, held).status_code == 302
    alarms = [json.loads(r.getMessage()) for r in caplog.records if r.name == "approval_hook"]
    assert {"emergency release asked for", "emergency release"} <= {a["event"] for a in alarms if a.get("alarm")}
    assert statuses(held)["decide"] == "NEW"
    assert hold(held) is None
    found = opinion(held)
    assert (found.origin, found.permits, found.complete, found.channel) == ("emergency", True, False, "ordinary")
    assert recheck(held).paid_at is None  # type: ignore[union-attr] # owed since filing
    assert office.do(held, "decide").status_code == 302
    assert fresh(held).decision == "granted"
    page = office.page(held)
    assert REASON in page
    assert "放行中，待复核" in page
    listed = office.browsers["manager"].get(reverse("clerk:emergencies")).content.decode()
    assert held.case_no in listed
    for who in ("head", "head2"):
        assert review(office, held, who).status_code == 422
    assert review(office, held, "clerk").status_code == 403
    assert review(office, held, "manager").status_code == 302
    assert review(office, held, "manager").status_code == 422
    assert "放行必要，补查无异常。" in office.page(held)
    assert "已复核" in office.browsers["head"].get(reverse("clerk:emergencies")).content.decode()
    firm = people.firm(8101)
    down.province.control.behave()
    wire(province=down.province.url, creditchina=down.creditchina.url, seconds=10.0)
    firm.enter(down.province.control)
    with clock.standing_at(clock.now() + timedelta(days=1)):
        tend()
    assert recheck(held).paid_at is not None  # type: ignore[union-attr] # just paid


@pytest.mark.parametrize(
    ("who", "text", "hours", "status"),
    [
        ("clerk", REASON, "6", 403),
        ("manager", REASON, "6", 403),
        ("head", "  ", "6", 422),
        ("head", "急", "6", 422),
        ("head", " 情况紧急，请即放行 ", "6", 422),
        ("head", REASON, "0", 422),
        ("head", REASON, "25", 422),
        ("head", REASON, "soon", 422),
    ],
)
def test_s08_a_request_needs_right_reason_and_bounded_expiry(
    held: Any, office: Any, who: str, text: str, hours: str, status: int
) -> None:
    """Without the permission, a reason, or an expiry within the maximum nothing is asked, and what was typed stays."""
    answer = ask(office, held, who, text, hours)
    assert answer.status_code == status
    assert not EmergencyAct.objects.exists()
    closed(held)


def test_s08_a_reason_too_short_is_told_with_what_to_do(held: Any, office: Any) -> None:
    """The server counts, without the blanks around: the reason of the asker, and the words of the other two."""
    page = ask(office, held, text=" 急 ").content.decode()
    assert "理由至少 10 个字，现在只有 1 个。请写明具体情况后再提交。" in page
    assert 'minlength="10"' in page
    ask(office, held)
    assert "意见至少 4 个字，现在只有 2 个。" in confirm(office, held, text="同意").content.decode()
    confirm(office, held)
    assert "复核意见至少 4 个字，现在只有 1 个。" in review(office, held, "manager", "好").content.decode()


def test_s08_one_person_alone_releases_nothing(held: Any, office: Any) -> None:
    """Who asked cannot confirm, who may not confirm cannot, who handled the case cannot; each reads why."""
    ask(office, held)
    assert "提请人不能批准" in confirm(office, held, "head").content.decode()
    assert confirm(office, held, "manager").status_code == 403
    allow(office, "clerk", "confirm_emergency_release")
    assert "您经办过或正在办理本办件" in confirm(office, held, "clerk").content.decode()
    assert confirm(office, held, "head2", " ").status_code == 422
    assert ask(office, held, "head2").status_code == 422
    assert EmergencyAct.objects.count() == 1
    closed(held)


def allow(office: Any, who: str, *codenames: str) -> None:
    """Give an officer more than the group does."""
    office.user(who).user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def test_s08_who_confirmed_does_not_decide_what_they_opened(held: Any, office: Any) -> None:
    """Neither page nor code lets the second person take the decision; the one who asked may take it."""
    ask(office, held)
    confirm(office, held)
    task = task_of(held, "decide")
    url = reverse("clerk:claim", args=[held.pk, task.pk])
    assert url not in office.page(held, "head2")
    assert "批准或复核过本办件的应急放行" in office.page(held, "head2")
    assert office.browsers["head2"].post(url).status_code == 403
    with task.activation() as activation:
        activation.assign(office.user("head2"))
    for send in (office.browsers["head2"].get, office.browsers["head2"].post):
        answer = send(task.reverse("execute"))
        assert answer.status_code == 409
        assert "须由其他负责人办理" in answer.content.decode()
    with pytest.raises(TransitionConditionsUnmet), task.activation() as activation:
        activation.start()
    assert fresh(held).decision == ""
    with task.activation() as activation:
        activation.unassign()
    assert office.do(held, "decide", who="head").status_code == 302
    assert fresh(held).decision == "granted"


def test_s08_who_reviewed_does_not_decide_and_who_decided_does_not_review(held: Any, office: Any) -> None:
    """Looking back and deciding are two people's, in whichever order they come."""
    rights = ("decide_foodbusinesscase", "review_emergency_release")
    allow(office, "clerk2", *rights)
    allow(office, "manager", *rights)
    ask(office, held)
    confirm(office, held)
    assert review(office, held, "manager").status_code == 302
    url = reverse("clerk:claim", args=[held.pk, task_of(held, "decide").pk])
    assert office.browsers["manager"].post(url).status_code == 403
    other = held_case(office, people.firm(8105).filing())
    ask(office, other)
    confirm(office, other)
    assert office.do(other, "decide", who="clerk2").status_code == 302
    assert "您经办过或正在办理本办件，不能复核" in review(office, other, "clerk2").content.decode()
    assert review(office, other, "manager").status_code == 302


def test_s08_a_request_expires_unconfirmed(held: Any, office: Any) -> None:
    """A request that nobody confirmed in time opens nothing; another one may be made."""
    ask(office, held)
    with clock.standing_at(clock.now() + timedelta(hours=7)):
        assert confirm(office, held).status_code == 422
        closed(held)
        assert "无人批准，已过期" in office.page(held, "head")
        assert ask(office, held).status_code == 302


def test_s08_after_the_expiry_the_decision_is_held_again(held: Any, office: Any) -> None:
    """The guard counts to the minute: a decision after the expiry is asked for again and held."""
    ask(office, held, hours="6")
    confirm(office, held)
    with clock.standing_at(clock.now() + timedelta(hours=6, minutes=1)):
        assert office.do(held, "decide").status_code == 409
        assert opinion(held).origin == "evaluated"
        assert hold(held) is not None
    assert fresh(held).decision == ""


def test_s08_a_platform_that_answers_is_used_instead(held: Any, office: Any, down: Any, wire: Any) -> None:
    """The confirmation asks once more: a hit that came back stays a hit, and nothing is released."""
    ask(office, held)
    down.province.control.behave()
    wire(province=down.province.url, creditchina=down.creditchina.url, seconds=10.0)
    people.firm(8101).enter(down.province.control, people.row("E1"))
    assert "只用于信用平台没有完整答复" in confirm(office, held).content.decode()
    assert opinion(held).outcome == "O-06"
    closed(held)
    assert ask(office, held).status_code == 422


def test_s08_a_bar_of_the_own_register_is_never_lifted(down: Any, office: Any) -> None:
    """Neither asked before nor between request and confirmation does a release pass a bar that the register proves."""
    firm = people.firm(8102)
    held = held_case(office, firm.filing())
    assert ask(office, held).status_code == 302
    PenaltyDecision.objects.create(
        document_no="示市监罚〔2024〕9号",
        decided_on=date(2024, 6, 3),
        decided_by=people.ORGAN,
        event="licence_revoked",
        domain="food",
        unit_code=firm.code,
        unit_name=firm.name,
    )
    assert "只用于信用平台没有完整答复" in confirm(office, held).content.decode()
    assert opinion(held).outcome == "O-04"
    closed(held)
    assert ask(office, held).status_code == 422
    closed(held)


def test_s08_unusable_facts_are_not_released(held: Any, office: Any) -> None:
    """Facts that cannot be used hide whom the case is about; a release asked for before does not pass them."""
    ask(office, held)
    FoodBusinessCase.objects.filter(pk=held.pk).update(firm_code="91440300MA5FKAEH41")
    assert confirm(office, held).status_code == 422
    assert ask(office, held).status_code == 422
    closed(held)


def test_s08_changed_subjects_void_the_release(held: Any, office: Any) -> None:
    """A release is about these subjects; another applicant put in afterwards is asked about and held."""
    ask(office, held)
    confirm(office, held)
    other = people.firm(8103)
    FoodBusinessCase.objects.filter(pk=held.pk).update(firm_code=other.code, firm_name=other.name)
    assert office.do(held, "decide").status_code == 409
    assert fresh(held).decision == ""


def test_s08_a_request_is_about_the_subjects_it_named(held: Any, office: Any) -> None:
    """Another applicant put in between request and confirmation: the first person never asked for that one."""
    ask(office, held)
    other = people.firm(8104)
    FoodBusinessCase.objects.filter(pk=held.pk).update(firm_code=other.code, firm_name=other.name)
    assert "主体在提请之后有变动" in confirm(office, held).content.decode()
    closed(held)
    page = office.page(held, "head")
    assert "主体已变更，须重新提请" in page
    assert reverse("clerk:emergency-ask", args=[held.pk]) in page
    assert ask(office, held).status_code == 302
    assert confirm(office, held).status_code == 302
    assert opinion(held).origin == "emergency"


@pytest.mark.parametrize("name", ["Head", "ｈｅａｄ"])
def test_s08_one_person_under_two_spellings_of_a_name_is_one(held: Any, office: Any, name: str) -> None:
    """A second account that differs only in case or width is no second person, and no third one."""
    office.user("head2").__class__.objects.filter(username="head2").update(username=name)
    ask(office, held)
    assert "提请人不能批准" in confirm(office, held).content.decode()
    closed(held)
    asked = EmergencyAct.objects.get()
    clerk = opinion(held).inquiry.asked_by.upper()
    with pytest.raises(CaseInvalid, match="经办人不能批准"):
        emergency.confirm(asked, opinion(held), by=clerk, note="情况属实", at=clock.now())
    office.user("manager").__class__.objects.filter(username="manager").update(username="HEAD")
    confirmed = emergency.confirm(asked, opinion(held), by="Head3", note="情况属实", at=clock.now())
    assert (confirmed.by, confirmed.person, confirmed.confirmed_by) == ("Head3", "head3", "head3")
    with pytest.raises(IntegrityError, match="emergency_release_takes_two"), transaction.atomic():
        forge(held, kind="reviewed", request=asked, confirmed_by="head3", by="HEAD3", person="head3")
    assert "提请人和批准人不能复核" in review(office, held, "manager").content.decode()


@pytest.mark.parametrize("name", ["LI", "ｌｉ"])
def test_s08_who_handled_the_case_confirms_nothing_under_another_spelling(held: Any, office: Any, name: str) -> None:
    """Neither confirming nor reviewing: the name differs from that of the officer of a step in case or width only."""
    users = office.user("head2").__class__.objects
    Task.objects.filter(process_id=held.pk, status="DONE").update(owner=users.create(username="li"))
    users.filter(username="head2").update(username=name)
    ask(office, held)
    assert "经办过或正在办理本办件" in confirm(office, held).content.decode()
    closed(held)
    users.filter(username=name).update(username="head2")
    confirm(office, held)
    users.filter(username="manager").update(username=name)
    assert "经办过或正在办理本办件" in review(office, held, "manager").content.decode()


def test_s08_nothing_is_released_while_somebody_else_has_the_case(
    held: Any, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform was asked, and the lock was gone when its answer came: what it said is not passed over."""

    def taken(*_: Any) -> Any:
        raise FlowLockFailed

    ask(office, held)
    with monkeypatch.context() as patch:
        patch.setattr(attending, "_finish", taken)
        assert "再试" in confirm(office, held).content.decode()
    closed(held)


def test_s08_the_platform_is_asked_again_where_requests_are_transactions(
    held: Any, office: Any, down: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one transaction for each request the confirming page has none, because nothing is asked inside one."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    ask(office, held)
    before = opinion(held).reply.attempt
    assert confirm(office, held).status_code == 302
    assert opinion(held).reply.attempt > before
    assert opinion(held).origin == "emergency"


@pytest.mark.parametrize("hours", ["0", "25", "-1", "6.5", "²", "9" * 5000])
def test_s08_no_expiry_but_the_allowed_ones(held: Any, office: Any, hours: str) -> None:
    """Whatever is sent as hours, at most the configured number is taken."""
    assert ask(office, held, hours=hours).status_code == 422
    assert not EmergencyAct.objects.exists()


def forge(case: Any, **changes: Any) -> EmergencyAct:
    """An act as somebody with access to the database would write it."""
    row = opinion(case)
    fields: dict[str, Any] = {
        "kind": "asked",
        "decision": row,
        "host_key": key_of(case),
        "flow": binding_of(case.flow_class).flow_ref,
        "case_no": case.case_no,
        "organ": case.organ,
        "asked_by": "head",
        "by": "head",
        "person": "head",
        "text": "伪造",
        "expires_at": clock.now() + timedelta(hours=5),
        "made_at": clock.now(),
        "seal": "0" * 64,
    }
    act = EmergencyAct(**{**fields, **changes})
    act.save()
    return act


def test_forged_acts_permit_nothing(held: Any, office: Any) -> None:
    """Rows without a valid seal open neither a confirmation nor the guard, even under a record with a valid digest."""
    asked = forge(held)
    assert "校验不符" in office.page(held, "head2")
    assert confirm(office, held).status_code == 422
    forge(held, kind="confirmed", request=asked, confirmed_by="head2", by="head2", person="head2")
    case = binding_of(held.flow_class).case(held.pk)
    gate.release(case, opinion(held), asked, "head2")  # sealed by the program, resting on forged acts
    standing = gate.standing(case, Point.DECISION)
    assert (standing.passes, standing.reason) == (False, "forged")


def test_the_database_wants_two_people_and_an_expiry(held: Any, office: Any) -> None:
    """Plain SQL cannot finish the decision without a confirmation that runs; one person is refused in both seats."""
    node = held.flow_class.decide

    def finish() -> None:
        Task.objects.create(process_id=held.pk, flow_task=node, flow_task_type="HUMAN", status=STATUS.DONE)

    case = binding_of(held.flow_class).case(held.pk)
    asked = forge(held, expires_at=clock.now() + timedelta(hours=5))
    gate.release(case, opinion(held), asked, "head2")
    with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
        finish()
    with pytest.raises(IntegrityError), transaction.atomic():
        forge(held, kind="confirmed", request=asked, confirmed_by="head", by="HEAD")
    late = forge(held, expires_at=clock.now() - timedelta(minutes=1))
    forge(held, kind="confirmed", request=late, confirmed_by="head2", by="head2", person="head2")
    with pytest.raises(IntegrityError, match="protected step"), transaction.atomic():
        finish()
    forge(held, kind="confirmed", request=asked, confirmed_by="head2", by="head2", person="head2")
    finish()


def test_acts_are_append_only(held: Any, office: Any) -> None:
    """No act is changed or deleted, by the ORM or by SQL."""
    ask(office, held)
    table = connection.ops.quote_name(EmergencyAct._meta.db_table)
    for statement in (f"UPDATE {table} SET text = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_acts_from_before_the_normal_form_are_kept_and_stay_genuine(held: Any, office: Any) -> None:
    """The migration fills in whose logins they are; nothing that was sealed is changed, and the triggers are back."""
    ask(office, held)
    old = EmergencyAct.objects.get()
    old.by = old.asked_by = "Head"  # as it was stored before
    old.seal = privacy.digest(old.sealed_text())
    fields = {f.attname: getattr(old, f.attname) for f in old._meta.concrete_fields if f.name not in ("id", "person")}
    before = [("approval_hook", "0006_no_opinion_twice")]
    executor = MigrationExecutor(connection)
    executor.migrate(before)
    acts = executor.loader.project_state(before).apps.get_model("approval_hook", "EmergencyAct")
    made = acts._default_manager.create(**fields)
    # All of it: what stands on the plugin's later migrations went back with them.
    call_command("migrate", verbosity=0)
    act = EmergencyAct.objects.get(pk=made.pk)
    assert (act.by, act.asked_by, act.person, act.is_genuine()) == ("Head", "Head", "head", True)
    assert set(triggers.expected()) == {name for name, *_ in triggers.installed()}
    assert confirm(office, held).status_code == 302
    assert statuses(held)["decide"] == "NEW"


def test_a_release_that_expires_unused_is_held_and_listed_again(held: Any, office: Any, later: Any) -> None:
    """The page does not go on calling it ordinary, and the runner puts it back among what waits."""
    ask(office, held, hours="1")
    confirm(office, held)
    assert hold(held) is None
    with later(0.1):
        page = office.page(held, "head")
        assert "应急放行已到期，没有作出决定" in page
        assert "照常办理" not in page
        assert 'lane grey">普通程序' not in page
        before = Reply.objects.count()
        tend()
        tend()
        assert Reply.objects.count() == before + 1
        waiting = hold(held)
        assert waiting is not None
        assert (waiting.node, waiting.reason) == ("decide", "supervisor_releases")
        listed = office.browsers["manager"].get(reverse("clerk:held")).content.decode()
        assert held.case_no in listed
        assert "等待第二人批准" not in listed


def test_a_release_in_force_is_left_alone(held: Any, office: Any) -> None:
    """Before it expires the runner neither asks nor holds."""
    ask(office, held, hours="1")
    confirm(office, held)
    before = (Reply.objects.count(), CreditDecision.objects.count())
    tend()
    assert (Reply.objects.count(), CreditDecision.objects.count()) == before
    assert hold(held) is None


@pytest.mark.parametrize(
    ("who", "text", "said"),
    [
        ("head2", "   ", "没有填写意见"),
        ("head2", "好", "至少 4 个字"),
        ("head", "情况属实，同意。", "不能批准自己的提请"),
    ],
)
def test_what_can_be_refused_beforehand_costs_no_query(held: Any, office: Any, who: str, text: str, said: str) -> None:
    """A blank note and one's own request are refused before the platforms are asked once more."""
    ask(office, held)
    before = Reply.objects.count()
    answer = confirm(office, held, who, text)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Reply.objects.count() == before
    closed(held)
