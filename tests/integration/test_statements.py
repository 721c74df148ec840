"""Statements that are compiled once read and write the same as Django's own."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import DateTimeField, Model
from django.db.models.signals import m2m_changed, post_init, post_save, pre_save
from django.db.transaction import TransactionManagementError
from viewflow.workflow.models import AbstractTask, Process, Task

from approval_hook import privacy
from approval_hook.clock import CHINA
from approval_hook.columns import column, new, prepared
from approval_hook.hosts.viewflow.nodes import made
from approval_hook.models import CreditDecision, Hold, Identity, Inquiry, Reply
from approval_hook.statements import First, Update, by_key, insert, save, save_whole
from tests.flows import flows
from tests.flows.facts import CLEAN, firm_data
from workflows.models import FoodBusinessCase

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 12, 3, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def decided(inject: Any, credit: Any) -> CreditDecision:
    """The record of a clean case, with all the evidence before it."""
    credit.records[CLEAN] = ()
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
    return CreditDecision.objects.latest("pk")


class Word(StrEnum):
    """A text that is more than a text."""

    CLEAN = "clean"


def values(row: Model | None) -> dict[str, Any]:
    """Every column of a row."""
    assert row is not None
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("model", [Inquiry, Identity, Reply, CreditDecision, Task, Process])
def test_a_row_comes_out_as_django_reads_it(model: type[Model], decided: CreditDecision) -> None:
    """Every column with its Python type: dates with zone, JSON, bytes, UUIDs, Viewflow's own fields."""
    for row in model._default_manager.all():
        found = by_key(model)(row.pk)
        assert values(found) == values(row)
        assert found is not None
        assert (found._state.adding, found._state.db) == (False, "default")
        assert {k: type(v) for k, v in values(found).items()} == {k: type(v) for k, v in values(row).items()}


def test_a_model_that_extends_another_is_read_with_its_parents_columns(db: Any) -> None:
    """A host's process class has its columns in two tables."""
    case = FoodBusinessCase.objects.create(
        flow_class=flows.LinearFlow,
        case_no="T-1",
        filed_at=AT,
        established_on=AT.date(),
        materials=["a", "二"],
        data={"a": [1, "二"]},
    )
    found = by_key(FoodBusinessCase)(case.pk)
    assert values(found) == values(FoodBusinessCase.objects.get(pk=case.pk))
    assert by_key(FoodBusinessCase)(case.pk + 1) is None


def test_one_case_takes_one_statement(decided: CreditDecision, django_assert_num_queries: Any) -> None:
    """Also the first time, and no more than the row that comes first in order."""
    newest = First(CreditDecision, "host_key", lambda rows: rows.order_by("-id"))
    with django_assert_num_queries(2):
        assert newest(decided.host_key) == decided
        assert newest("nobody:1") is None


def test_a_key_that_equals_another_value_of_the_statement_changes_only_the_key(decided: CreditDecision) -> None:
    """A value that stands in the statement beside the key is not taken for it."""
    at_decision = First(CreditDecision, "host_key", lambda rows: rows.filter(point="decision").order_by("id"))
    assert at_decision(decided.host_key) == decided
    assert at_decision("decision") is None


def test_what_is_inserted_is_what_django_reads(decided: CreditDecision) -> None:
    """Keys that the database gives come back; dates, JSON and bytes arrive."""
    old = Reply.objects.get()
    reply = Reply(**{**values(old), "id": None, "attempt": 7, "reports": [{"名": "值", "n": 1.5}], "answered_at": AT})
    reply.digest = privacy.digest(reply.sealed_text())
    insert(reply)
    assert reply.pk is not None
    assert not reply._state.adding
    assert values(Reply.objects.get(pk=reply.pk)) == values(reply)
    assert Reply.objects.get(pk=reply.pk).is_genuine()

    inquiry = Inquiry(**{**values(Inquiry.objects.get()), "id": uuid.uuid4(), "round": 9})
    insert(inquiry)
    assert values(Inquiry.objects.get(pk=inquiry.pk)) == values(inquiry)
    insert(Identity(inquiry=inquiry, key_id="k", sealed=b"\x00\xff", erased_at=None))
    assert bytes(Identity.objects.get(pk=inquiry.pk).sealed) == b"\x00\xff"


def test_signals_are_sent_as_by_save(decided: CreditDecision) -> None:
    """An integrator who listens to a model hears of its rows."""
    heard: list[Any] = []

    def before(sender: Any, instance: Any, **kwargs: Any) -> None:
        heard.append(("before", instance.pk, kwargs["using"]))

    def after(sender: Any, instance: Any, **kwargs: Any) -> None:
        heard.append(("after", instance.pk, kwargs["created"]))

    pre_save.connect(before, sender=Reply)
    post_save.connect(after, sender=Reply)
    try:
        reply = Reply(**{**values(Reply.objects.get()), "id": None, "attempt": 8})
        reply.save()
    finally:
        pre_save.disconnect(before, sender=Reply)
        post_save.disconnect(after, sender=Reply)
    assert heard == [("before", None, "default"), ("after", reply.pk, True)]


def test_a_broken_constraint_is_an_integrity_error_and_leaves_the_row_unsaved(decided: CreditDecision) -> None:
    """The same error as from ``save``, on which the retry of two workers rests."""
    reply = Reply(**{**values(Reply.objects.get()), "id": None})
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(reply)
    assert reply._state.adding
    assert Reply.objects.count() == 1


def test_a_taken_key_is_told_without_an_error_and_spoils_no_transaction(
    decided: CreditDecision, django_assert_num_queries: Any
) -> None:
    """On this the retry of two workers rests; it takes no savepoint, and a row that was not put in sends no signal."""
    saved: list[Model] = []

    def after(sender: Any, instance: Any, **kwargs: Any) -> None:
        saved.append(instance)

    reply = Reply(**{**values(Reply.objects.get()), "id": None})
    inquiry = Inquiry(**{**values(Inquiry.objects.get()), "id": uuid.uuid4()})
    post_save.connect(after)
    try:
        with django_assert_num_queries(2):
            assert not insert(reply, unless=("inquiry", "attempt"))
            assert not insert(inquiry, unless=("gate_key", "round"))
        assert (reply.pk, reply._state.adding, saved) == (None, True, [])
        reply.attempt = 2
        assert insert(reply, unless=("inquiry", "attempt"))
    finally:
        post_save.disconnect(after)
    assert saved == [reply]
    assert list(Reply.objects.order_by("attempt").values_list("attempt", flat=True)) == [1, 2]
    assert Inquiry.objects.count() == 1


def test_another_broken_constraint_is_an_error_all_the_same(decided: CreditDecision) -> None:
    """Only the named key is passed over."""
    reply = Reply(**{**values(Reply.objects.get()), "id": None, "attempt": 2, "complete": None})
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(reply, unless=("inquiry", "attempt"))


def test_an_update_says_how_many_rows_changed(decided: CreditDecision) -> None:
    """Only where the condition holds."""
    release = Update(Hold, ("released_at",), "task_key = %s AND released_at IS NULL")
    hold = {"host_key": "h:1", "flow": "f", "node": "n", "case_no": "1", "organ": "o", "since": AT}
    Hold.objects.create(task_key="t:1", **hold)
    Hold.objects.create(task_key="t:2", **hold)
    assert release((AT,), ("t:1",)) == 1
    assert release((AT,), ("t:1",)) == 0
    assert list(Hold.objects.order_by("task_key").values_list("released_at", flat=True)) == [AT, None]


def test_some_fields_are_saved_as_django_saves_them(decided: CreditDecision, django_assert_num_queries: Any) -> None:
    """One statement, the same signals, the other fields as they were; a row that is gone is an error."""
    heard: list[Any] = []

    def after(sender: Any, instance: Any, **kwargs: Any) -> None:
        heard.append((sender, instance.pk, kwargs["created"], kwargs["update_fields"]))

    task = Task.objects.latest("pk")
    task.finished, task.status, task.started = AT, "CANCELED", AT
    post_save.connect(after, sender=Task)
    try:
        with django_assert_num_queries(1):
            save(task, ("status", "finished"))
        task.save(update_fields=["status", "finished"])
    finally:
        post_save.disconnect(after, sender=Task)
    assert heard == [(Task, task.pk, False, frozenset({"status", "finished"}))] * 2
    found = Task.objects.get(pk=task.pk)
    assert (found.status, found.finished, found.started == AT) == ("CANCELED", AT, False)
    task.pk += 1
    with pytest.raises(DatabaseError):
        save(task, ("status",))


def test_a_new_row_is_the_one_that_django_makes(decided: CreditDecision) -> None:
    """Defaults, keys of relations and the rows behind them; a field that is not there is an error as ever."""
    inquiry = decided.inquiry
    given = {"attempt": 3, "complete": True, "reports": [], "digest": "", "asked_at": AT, "answered_at": AT}
    made, usual = new(Reply, inquiry=inquiry, **given), Reply(inquiry=inquiry, **given)
    assert values(made) == values(usual)
    assert made.inquiry is inquiry
    assert (made._state.adding, made._state.db) == (True, None)
    assert new(Identity, inquiry=inquiry, key_id="k", sealed=b"").erased_at is None
    with pytest.raises(TypeError, match="nobody"):
        new(Reply, inquiry=inquiry, nobody=1, **given)


def test_who_listens_to_the_making_of_rows_hears_of_each(decided: CreditDecision) -> None:
    """Rows are then made by Django itself, read ones and new ones."""
    heard: list[Any] = []

    def listen(sender: Any, **kwargs: Any) -> None:
        heard.append(sender)

    post_init.connect(listen, sender=Identity)
    try:
        found = by_key(Identity)(decided.inquiry_id)
        assert found == new(Identity, inquiry=decided.inquiry, key_id="k", sealed=b"")
    finally:
        post_init.disconnect(listen, sender=Identity)
    assert heard == [Identity, Identity]


def test_a_whole_row_is_saved_as_django_saves_it(decided: CreditDecision, django_assert_num_queries: Any) -> None:
    """One statement with every column, the same signals, the row as Django would have left it."""
    heard: list[Any] = []

    def listen(signal: Any, sender: Any, instance: Any, **kwargs: Any) -> None:
        heard.append((signal, instance.pk, kwargs.get("created"), kwargs["update_fields"], kwargs["raw"]))

    task = Task.objects.latest("pk")
    assert task.process.pk == task.process_id
    task.finished, task.status, task.started, task.data = AT, "CANCELED", None, {"名": "值"}
    task.external_task_id = "x%s"
    for signal in (pre_save, post_save):
        signal.connect(listen, sender=Task)
    try:
        with django_assert_num_queries(1):
            save_whole(task)
        ours = values(Task.objects.get(pk=task.pk))
        task.save()
    finally:
        for signal in (pre_save, post_save):
            signal.disconnect(listen, sender=Task)
    assert ours == values(Task.objects.get(pk=task.pk)) == values(task)
    assert heard[:2] == heard[2:] == [(pre_save, task.pk, None, None, False), (post_save, task.pk, False, None, False)]


def test_a_row_that_was_not_read_whole_or_disagrees_with_itself_is_saved_by_django(decided: CreditDecision) -> None:
    """A column that was never read is not written; a relation set beside its column says what the column is."""
    part = Task.objects.defer("external_task_id").latest("pk")
    Task.objects.filter(pk=part.pk).update(external_task_id="kept")
    part.status = "CANCELED"
    save_whole(part)
    assert (part.__dict__.get("external_task_id"), Task.objects.get(pk=part.pk).external_task_id) == (None, "kept")
    other = Process(flow_class=flows.LinearFlow)
    task = Task.objects.latest("pk")
    task.process = other
    other.save()
    save_whole(task)
    assert Task.objects.get(pk=task.pk).process_id == other.pk
    task.owner = get_user_model()(username="unsaved")
    with pytest.raises(ValueError, match="unsaved related object"):
        save_whole(task)


def test_a_new_row_is_inserted_and_a_deleted_one_is_an_error(decided: CreditDecision) -> None:
    """No step puts a task back that somebody deleted."""
    task = Task.objects.latest("pk")
    again = Task(**{**values(task), "id": None})
    save_whole(again)
    assert again.pk not in (None, task.pk)
    Task.objects.filter(pk=again.pk).delete()
    with pytest.raises(DatabaseError):
        save_whole(again)
    assert not Task.objects.filter(pk=again.pk).exists()


def test_a_moment_of_making_is_not_written_anew_by_a_later_save() -> None:
    """What a field makes on the first save alone stays."""
    field = DateTimeField(auto_now_add=True)
    field.set_attributes_from_name("made")
    field.model = Task
    row = Task()
    row.__dict__["made"] = AT
    told = prepared([column(field, "default")], row, connection, adding=False)
    assert told == [field.get_db_prep_save(AT, connection)]
    assert prepared([column(field, "default")], row, connection) != told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("asked_at", AT),
        ("asked_at", AT.astimezone(CHINA)),
        ("asked_at", datetime(1, 1, 2, tzinfo=UTC)),
        ("complete", 1),
        ("reports", ()),
        ("reports", [{"名": "值\u2028\x7f\x00"[:-1], "n": 2**70, "f": 1e-7, "k": None}]),
        ("digest", Word.CLEAN),
    ],
)
def test_a_value_goes_to_the_database_as_django_writes_it(decided: CreditDecision, field: str, value: Any) -> None:
    """Other zones, subclasses of plain types, numbers and letters that JSON writes in several ways."""
    old = {**values(Reply.objects.get()), "id": None}
    ours, theirs = Reply(**{**old, "attempt": 11, field: value}), Reply(**{**old, "attempt": 12, field: value})
    insert(ours)
    Model.save_base(theirs, force_insert=True)
    assert {**values(by_key(Reply)(ours.pk)), "id": 0, "attempt": 0} == {
        **values(Reply.objects.get(pk=theirs.pk)),
        "id": 0,
        "attempt": 0,
    }


def test_a_moment_without_a_zone_is_told_as_django_tells_it(decided: CreditDecision) -> None:
    """What Django warns of is not passed over."""
    reply = Reply(**{**values(Reply.objects.get()), "id": None, "attempt": 9, "asked_at": AT.replace(tzinfo=None)})
    with pytest.warns(RuntimeWarning, match="naive datetime"):
        insert(reply)


def test_a_task_of_the_host_is_the_same_whoever_saves_it(
    inject: Any, credit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of a whole case, their history and every signal in its order: compiled once, and by Viewflow."""
    credit.records[CLEAN] = ()
    inject(flows.LinearFlow)
    heard: list[Any] = []
    kept = ("flow_task", "flow_task_type", "status", "token", "data", "owner_id", "external_task_id")

    def listen(signal: Any, sender: Any, instance: Any, **kwargs: Any) -> None:
        told = {k: kwargs.get(k) for k in ("created", "raw", "using", "update_fields")}
        heard.append((signal, sender, str(getattr(instance, "flow_task", "")), instance.pk is None, told))

    def case() -> tuple[list[Any], list[Any]]:
        heard.clear()
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
        tasks = Task.objects.filter(process=process).order_by("pk")
        rows = [([getattr(t, k) for k in kept], [str(p.flow_task) for p in t.previous.all()]) for t in tasks]
        return rows, list(heard)

    for signal in (pre_save, post_save):
        signal.connect(listen)
    try:
        compiled = case()
        monkeypatch.setattr("approval_hook.hosts.viewflow.guard.saves_plainly", lambda task_class: False)
        monkeypatch.setattr("approval_hook.hosts.viewflow.nodes.saves_plainly", lambda task_class: False)
        usual = case()
    finally:
        for signal in (pre_save, post_save):
            signal.disconnect(listen)
    assert compiled[0] == usual[0]
    its_own = [(sender, *rest) for _, sender, *rest in usual[1] if sender is not Task.previous.through]
    assert (
        [(sender, *rest) for _, sender, *rest in compiled[1]]
        == its_own
        == [(sender, *rest) for _, sender, *rest in usual[1]]
    )


def test_a_task_that_cannot_be_stored_leaves_no_transaction_that_goes_on(decided: CreditDecision) -> None:
    """As after Viewflow's own save: who swallows the error cannot commit the rest."""
    task = Task.objects.latest("pk")
    before = task.flow_task.activation_class(task)
    with pytest.raises(TransactionManagementError), transaction.atomic():
        with pytest.raises(IntegrityError):
            made(Task, task.flow_task, before, None)
        Task.objects.count()


def test_a_gate_task_is_the_same_whoever_saves_it(inject: Any, credit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled once, or by Django because a host listens to the history or saves tasks in its own way."""
    credit.records[CLEAN] = ()
    inject(flows.LinearFlow)
    heard: list[str] = []

    def gate_task() -> tuple[dict[str, Any], list[str]]:
        process = flows.LinearFlow.start.run(data=firm_data())
        flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
        task = Task.objects.get(process=process, flow_task_type="JOB")
        its_own = ("id", "process_id", "created", "started", "finished")
        assert task.created <= task.started <= task.finished
        return {k: v for k, v in values(task).items() if k not in its_own}, [
            before.flow_task.name for before in task.previous.all()
        ]

    def listen(action: str, **kwargs: Any) -> None:
        heard.append(action)

    def save_aloud(task: Any, *args: Any, **kwargs: Any) -> None:
        heard.append("save")
        AbstractTask.save(task, *args, **kwargs)

    compiled = gate_task()
    m2m_changed.connect(listen, sender=Task.previous.through)
    try:
        listened = gate_task()
    finally:
        m2m_changed.disconnect(listen, sender=Task.previous.through)
    monkeypatch.setattr(Task, "save", save_aloud)
    assert compiled == listened == gate_task()
    assert set(heard) == {"pre_add", "post_add", "save"}
