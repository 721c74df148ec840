"""Database triggers: evidence is append-only, and a protected task cannot finish without a record.

They are the net under the Python code: they hold for plain ORM writes, for the admin, for
another program on the same database. Which nodes are protected stands in the trigger itself, so
there is no row whose deletion would switch it off. They are (re)made after every migration, because
SQLite drops triggers when it rebuilds a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, Q, UniqueConstraint

from approval_hook.errors import ConfigurationError
from approval_hook.models import (
    CalendarEdition,
    CreditDecision,
    EmergencyAct,
    Identity,
    Inquiry,
    IssueReading,
    Observation,
    OutgoingAct,
    Promise,
    PromiseReminder,
    PromiseStep,
    PromiseWords,
    RawReply,
    Reminder,
    Reply,
    RuleRevision,
    Settlement,
    StatutoryAct,
)


@dataclass(frozen=True, slots=True)
class GuardedFlow:
    """One gated flow in a task table. Nodes go by their names, because a flow can be stored under several references.

    Viewflow resolves ``app/module.Name.node`` by importing it, so every module that holds the class gives one more
    reference of each node. What is named like the flow is taken for it, unless it is known to be another one.
    """

    ref: str
    was: tuple[str, ...]  # references of the flow before it was moved
    others: tuple[str, ...]  # flows that are named like it and are others
    nodes: tuple[str, ...]
    protected: tuple[str, ...]  # their execution is a decision: needs a record that permits it
    behind: tuple[str, ...]  # no way leads to them around the protected ones
    beside: tuple[tuple[str, str], ...]  # (node behind, decision): the node goes on while the decision is made again
    free: tuple[str, ...]  # nodes of other flows that its cases come to
    observes: bool  # the protected nodes need a trace of the case, whatever it says


@dataclass(frozen=True, slots=True)
class GuardedTable:
    """A task table with the flows that matter in it, and where the flow of a case stands."""

    table: str
    key: str
    process_column: str
    process_table: str
    flow_table: str
    flow_key: str
    flows: tuple[GuardedFlow, ...] = ()

    @property
    def mark(self) -> str:
        """Stands in the text of the guard, so that a check can tell an outdated one."""
        text = repr((_VERSION, self.flows))
        return f"approval_hook:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


#: Of the guards' own text, so that guards of an earlier version are made anew.
_VERSION = 2
#: What the name of an inserted gate node begins with.
GATE_PREFIX = "credit_before_"

APPEND_ONLY: tuple[type[Model], ...] = (
    Inquiry,
    Reply,
    CreditDecision,
    Settlement,
    EmergencyAct,
    Observation,
    IssueReading,
    RuleRevision,
    CalendarEdition,
    OutgoingAct,
    StatutoryAct,
    Reminder,
    Promise,
    PromiseStep,
    PromiseReminder,
)
#: Tables of applications beside ours that are append-only as well.
_adopted: list[type[Model]] = []
#: Evidence whose sealed content can be erased; nothing else of a row changes, and no row goes.
ERASABLE: tuple[type[Model], ...] = (Identity, RawReply, PromiseWords)
#: Their primary key is the digest of the content: the same row again is passed over, as ``keeping`` asks for.
_BY_CONTENT = (RuleRevision, CalendarEdition)
_PREFIX = "approval_hook_"
_REFUSED = "approval_hook: evidence is append-only"
_STAYS = "approval_hook: a case stays in its flow"
_HELD = "approval_hook: protected step without a valid credit record"
_FORWARD = "('STARTED', 'SCHEDULED', 'DONE')"
_WAITS = "('NEW', 'ASSIGNED', 'SCHEDULED')"


def adopt(model: type[Model]) -> None:
    """Keep the rows of another application's table from change too; for its ``AppConfig.ready``."""
    if model not in _adopted:
        _adopted.append(model)


def after_migrate(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Signal receiver: put triggers and protected nodes in place, where our tables are."""
    if CreditDecision._meta.db_table in connections[using].introspection.table_names():
        install(using)


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Make every trigger, replacing older ones.

    Raises:
        ConfigurationError: the database is neither SQLite nor PostgreSQL.
    """
    connection = connections[using]
    remove(using)
    with connection.cursor() as cursor:
        for _, statement in _statements(connection):
            cursor.execute(statement)


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """Drop every trigger of ours; for uninstalling and for test databases that are flushed."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table, _ in installed(using):
            quoted = connection.ops.quote_name(name)
            on = f" ON {connection.ops.quote_name(table)}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {quoted}{on}")


def installed(using: str = DEFAULT_DB_ALIAS) -> list[tuple[str, str, str]]:
    """Name, table and text of each of our triggers in the database."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        query = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'approval_hook_%%'"
    elif connection.vendor == "postgresql":
        query = (
            "SELECT t.tgname, c.relname, pg_get_triggerdef(t.oid) || p.prosrc FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND t.tgname LIKE 'approval_hook_%%' AND pg_table_is_visible(c.oid)"
        )
    else:
        raise ConfigurationError(f"The credit gate runs on SQLite and PostgreSQL, not on {connection.vendor}.")
    with connection.cursor() as cursor:
        cursor.execute(query, [])
        return [(str(name), str(table), str(text)) for name, table, text in cursor.fetchall()]


def expected(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of the triggers that must be there."""
    return [name for name, _ in _statements(connections[using]) if name]


def outdated(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Guards in the database that do not protect exactly the nodes which are to be protected now."""
    texts = {name: text for name, _, text in installed(using) if name.startswith(f"{_PREFIX}guard_")}
    tables = _guarded_tables()
    wanted = {guard_name(guarded.table, verb): guarded.mark for guarded in tables for verb in ("INSERT", "UPDATE")}
    wanted |= {_flow_guard_name(guarded): guarded.mark for guarded in tables if guarded.flows}
    # A guard nobody expects belongs to a flow that was taken out and had a table of its own.
    return [name for name, text in texts.items() if name not in wanted or wanted[name] not in text]


def _guarded_tables() -> list[GuardedTable]:
    from approval_hook.hosts.viewflow.injection import guarded_tables

    return guarded_tables()


def _statements(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    build = _sqlite if connection.vendor == "sqlite" else _postgres
    # The other application may be migrated later than ours, or back.
    tables = set(connection.introspection.table_names()) if _adopted else set()
    kept = (*APPEND_ONLY, *(model for model in _adopted if model._meta.db_table in tables))
    return list(build(connection.ops.quote_name, kept))


def guard_name(table: str, verb: str) -> str:
    """Name of the guard on a task table: short enough for PostgreSQL whatever the table is called."""
    return f"{_PREFIX}guard_{hashlib.sha256(table.encode()).hexdigest()[:12]}_{verb.lower()}"


def _flow_guard_name(guarded: GuardedTable) -> str:
    return guard_name(f"flow of {guarded.table}", "UPDATE")


def _sqlite(q: Callable[[str], str], kept: tuple[type[Model], ...]) -> Iterable[tuple[str, str]]:
    for each in kept:
        table = each._meta.db_table
        for verb in ("UPDATE", "DELETE"):
            name = f"{_PREFIX}{table.removeprefix(_PREFIX)}_no_{verb.lower()}"
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
            )
    for model in (*kept, *ERASABLE):
        # INSERT OR REPLACE deletes the older row without firing a delete trigger.
        table = model._meta.db_table
        name = f"{_PREFIX}{table.removeprefix(_PREFIX)}_no_replace"
        own, *others = _unique_columns(model)
        refused = f"RAISE(ABORT, 'UNIQUE constraint failed: {_REFUSED}')"
        if model in _BY_CONTENT:
            refused = f"CASE WHEN {_exists(q, table, [own])} THEN RAISE(IGNORE) ELSE {refused} END"
        yield (
            name,
            f"CREATE TRIGGER {name} BEFORE INSERT ON {q(table)} WHEN {_exists(q, table, [own, *others])}"
            f" BEGIN SELECT {refused}; END",
        )
    for each in ERASABLE:
        table = each._meta.db_table
        yield (
            f"{table}_no_delete",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {q(table)}"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
        )
        yield (
            f"{table}_erase_only",
            f"CREATE TRIGGER {table}_erase_only BEFORE UPDATE ON {q(table)}"
            f" WHEN {_not_only_erased(each, q, 'IS NOT')} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
        )
    decision = q(CreditDecision._meta.db_table)
    for guarded in _guarded_tables():
        table, process = guarded.table, q(guarded.process_column)
        unfit = _unfit(guarded, q, decision, "strftime('%Y-%m-%d %H:%M:%f', 'now')", "0")
        moved = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in ("status", "flow_task", process))
        if guarded.flows:
            name = _flow_guard_name(guarded)
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE UPDATE OF flow_class ON {q(guarded.flow_table)} WHEN {_leaves(guarded)}"
                f" BEGIN SELECT RAISE(ABORT, '{_STAYS}') /* {guarded.mark} */; END",
            )
        for verb, when in (("INSERT", unfit), ("UPDATE", f"({moved}) AND NOT ({_respelled(guarded, q)}) AND {unfit}")):
            name = guard_name(table, verb)
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} WHEN {when}"
                f" BEGIN SELECT RAISE(ABORT, '{_HELD}') /* {guarded.mark} */; END",
            )


@dataclass(frozen=True, slots=True)
class _Unique:
    """Columns that no two rows share, among the rows that have certain values in others."""

    columns: tuple[str, ...]
    among: tuple[tuple[str, tuple[str, ...]], ...] = ()


def _not_only_erased(model: type[Model], q: Callable[[str], str], differs: str) -> str:
    kept = (f.column for f in model._meta.concrete_fields if f.name not in ("sealed", "erased_at"))
    return " OR ".join(["NEW.sealed IS NOT NULL", *(f"NEW.{q(str(c))} {differs} OLD.{q(str(c))}" for c in kept)])


def _unique_columns(model: type[Model]) -> list[_Unique]:
    """The primary key first."""
    meta = model._meta

    def column(name: str) -> str:
        return str(cast("Field[Any, Any]", meta.get_field(name)).column)

    keys = [_Unique((str(meta.pk.column),))]
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            condition = constraint.condition or Q()
            among = tuple(
                (column(name.removesuffix("__in")), tuple(value) if name.endswith("__in") else (str(value),))
                for name, value in cast("list[tuple[str, Any]]", condition.children)
            )
            keys.append(_Unique(tuple(map(column, constraint.fields)), among))
    return keys


def _exists(q: Callable[[str], str], table: str, keys: list[_Unique]) -> str:
    same = " OR ".join(_same_key(q, key) for key in keys)
    return f"EXISTS (SELECT 1 FROM {q(table)} old WHERE {same})"


def _same_key(q: Callable[[str], str], key: _Unique) -> str:
    shared = [f"old.{q(c)} = NEW.{q(c)}" for c in key.columns]
    among = [f"{row}.{q(c)} IN ({_literals(values)})" for c, values in key.among for row in ("old", "NEW")]
    return "(" + " AND ".join([*shared, *among]) + ")"


def _literals(refs: Iterable[str]) -> str:
    return ", ".join("'" + ref.replace("'", "''") + "'" for ref in refs) or "''"


def _unfit(guarded: GuardedTable, q: Callable[[str], str], decision: str, now: str, no: str) -> str:
    """A forward status of a protected node without a permitting record, or of a node behind it without a decision."""
    process, table = q(guarded.process_column), q(guarded.table)
    key = f"'{guarded.process_table}:' || NEW.{process}"
    serves = f"d.fresh_until > {now} AND (d.origin <> 'emergency' OR {_confirmed(q, now)})"
    permitted = (
        f"COALESCE((SELECT d.permits AND {serves} FROM {decision} d WHERE d.host_key = {key}"
        f" ORDER BY d.id DESC LIMIT 1), {no})"
    )
    # Nothing is held where a flow observes; but a decision without a trace of the case would be a gate that is off.
    traced = " OR ".join(
        f"EXISTS (SELECT 1 FROM {rows} r WHERE r.host_key = {key})"
        for rows in (decision, q(Observation._meta.db_table))
    )
    cases = []
    for flow in guarded.flows:
        unknown = f"named.node NOT IN ({_literals(flow.nodes)}) AND NOT {_begins('named.node', GATE_PREFIX)}"
        # Where the case came back to the decision, or to the gate before it, the decision of before is none any more.
        again = (
            f"SELECT 1 FROM {table} g WHERE g.{process} = t.{process} AND g.{q(guarded.key)} > t.{q(guarded.key)}"
            f" AND {_of_flow(flow, _rest('g.flow_task'))}"
            f" AND ((g.status = 'STARTED' AND {_last('g.flow_task')} = '{GATE_PREFIX}' || {_last('t.flow_task')})"
            f" OR (g.status IN {_WAITS} AND {_last('g.flow_task')} = {_last('t.flow_task')}))"
        )
        apart = "".join(
            f" AND NOT (named.node = {_literals([node])} AND {_last('t.flow_task')} = {_literals([decision])})"
            for node, decision in flow.beside
        )
        decided = (
            f"EXISTS (SELECT 1 FROM {table} t WHERE t.{process} = NEW.{process} AND t.status IN ('STARTED', 'DONE')"
            f" AND {_last('t.flow_task')} IN ({_literals(flow.protected)}) AND {_of_flow(flow, _rest('t.flow_task'))}"
            f" AND NOT (EXISTS ({again}){apart}))"
        )
        wrong = (
            f"(named.node IN ({_literals(flow.protected)}) AND NOT ({traced if flow.observes else permitted}))",
            # A protected node that was renamed must not become free under the name that waiting tasks still have.
            f"({unknown} AND NOT {permitted})",
            f"(named.node IN ({_literals(flow.behind)}) AND NOT {decided})",
        )
        cases.append(f"({_of_flow(flow, 'named.flow')} AND ({' OR '.join(wrong)}))")
    if not cases:
        return "1 = 0"
    strange = " OR ".join(_of_flow(flow, "named.flow") for flow in guarded.flows)
    gated = " OR ".join(_of_flow(flow, "p.flow_class || '.'") for flow in guarded.flows)
    free = _literals(ref for flow in guarded.flows for ref in flow.free)
    # Under a name of another kind Viewflow may still find a node of the flow; no case of it needs such a name.
    cases.append(
        f"(NOT ({strange}) AND NEW.flow_task NOT IN ({free}) AND EXISTS (SELECT 1 FROM"
        f" {q(guarded.flow_table)} p WHERE p.{q(guarded.flow_key)} = NEW.{process} AND ({gated})))"
    )
    split = f"SELECT {_rest('NEW.flow_task')} AS flow, {_last('NEW.flow_task')} AS node"
    return f"NEW.status IN {_FORWARD} AND EXISTS (SELECT 1 FROM ({split}) named WHERE {' OR '.join(cases)})"


def _rest(ref: str) -> str:
    """A stored reference without its last name: the flow of a node, and the dot behind it."""
    return f"rtrim({ref}, replace({ref}, '.', ''))"


def _last(ref: str) -> str:
    """The last name of a stored reference."""
    return f"replace({ref}, {_rest(ref)}, '')"


def _begins(text: str, with_: str) -> str:
    return f"substr({text}, 1, {len(with_)}) = {_literals([with_])}"


def _of_flow(flow: GuardedFlow, ref: str) -> str:
    """A reference of a flow, with a dot behind it, is one of this flow."""
    ends = sorted({f".{known.rpartition('.')[2]}." for known in (flow.ref, *flow.was)})
    known = _literals(f"{each}." for each in (flow.ref, *flow.was))
    others = _literals(f"{each}." for each in flow.others)
    named = " OR ".join(f"substr({ref}, length({ref}) - {len(end) - 1}) = {_literals([end])}" for end in ends)
    return f"({ref} IN ({known}) OR (({named}) AND {ref} NOT IN ({others})))"


def _leaves(guarded: GuardedTable) -> str:
    """A case of a gated flow is given another flow."""
    old, new = "OLD.flow_class || '.'", "COALESCE(NEW.flow_class, '') || '.'"
    return " OR ".join(f"({_of_flow(flow, old)} AND NOT {_of_flow(flow, new)})" for flow in guarded.flows)


def _respelled(guarded: GuardedTable, q: Callable[[str], str]) -> str:
    """A task gets the reference that its node has since its flow was moved, and nothing else about it changes."""
    process = q(guarded.process_column)
    moves = [
        f"({_begins('OLD.flow_task', f'{was}.')} AND NEW.flow_task = {_literals([flow.ref])}"
        f" || substr(OLD.flow_task, {len(was) + 1}))"
        for flow in guarded.flows
        for was in flow.was
    ]
    same = f"NEW.status = OLD.status AND NEW.{process} = OLD.{process}"
    return f"{same} AND ({' OR '.join(moves)})" if moves else "1 = 0"


def _confirmed(q: Callable[[str], str], now: str) -> str:
    """The case of the record ``d`` has an emergency release that a second person confirmed and that runs."""
    acts = q(EmergencyAct._meta.db_table)
    return (
        f"EXISTS (SELECT 1 FROM {acts} c JOIN {acts} a ON a.id = c.request_id"
        f" WHERE c.kind = 'confirmed' AND a.kind = 'asked' AND c.person <> a.person AND c.asked_by = a.asked_by"
        f" AND c.host_key = d.host_key AND a.host_key = d.host_key AND a.expires_at > {now})"
    )


def _postgres(q: Callable[[str], str], kept: tuple[type[Model], ...]) -> Iterable[tuple[str, str]]:
    yield (
        "",
        f"CREATE OR REPLACE FUNCTION {_PREFIX}refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    )
    for model in (*kept, *ERASABLE):
        table = model._meta.db_table
        short = table.removeprefix(_PREFIX)
        verbs = "DELETE" if model in ERASABLE else "UPDATE OR DELETE"
        yield (
            f"{_PREFIX}{short}_append_only",
            f"CREATE TRIGGER {_PREFIX}{short}_append_only BEFORE {verbs} ON {q(table)}"
            f" FOR EACH ROW EXECUTE FUNCTION {_PREFIX}refuse()",
        )
        yield (
            f"{_PREFIX}{short}_no_truncate",
            f"CREATE TRIGGER {_PREFIX}{short}_no_truncate BEFORE TRUNCATE ON {q(table)}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {_PREFIX}refuse()",
        )
    for each in ERASABLE:
        table = each._meta.db_table
        yield (
            f"{table}_erase_only",
            f"CREATE TRIGGER {table}_erase_only BEFORE UPDATE ON {q(table)} FOR EACH ROW"
            f" WHEN ({_not_only_erased(each, q, 'IS DISTINCT FROM')}) EXECUTE FUNCTION {_PREFIX}refuse()",
        )
    decision = q(CreditDecision._meta.db_table)
    for guarded in _guarded_tables():
        table, process = guarded.table, q(guarded.process_column)
        function = guard_name(table, "function")
        unfit = _unfit(guarded, q, decision, "clock_timestamp()", "false")
        yield (
            "",
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" /* {guarded.mark} */ IF {unfit}"
            f" THEN RAISE EXCEPTION '{_HELD}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            f" RETURN NEW; END $$",
        )
        moved = " OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in ("status", "flow_task", process))
        if guarded.flows:
            name, leave = _flow_guard_name(guarded), guard_name(f"flow of {table}", "function")
            yield (
                "",
                f"CREATE OR REPLACE FUNCTION {leave}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" /* {guarded.mark} */ RAISE EXCEPTION '{_STAYS}' USING ERRCODE = 'integrity_constraint_violation';"
                f" END $$",
            )
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE UPDATE OF flow_class ON {q(guarded.flow_table)} FOR EACH ROW"
                f" WHEN ({_leaves(guarded)}) EXECUTE FUNCTION {leave}()",
            )
        for verb, when in (
            ("INSERT", f"NEW.status IN {_FORWARD}"),
            ("UPDATE", f"NEW.status IN {_FORWARD} AND ({moved}) AND NOT ({_respelled(guarded, q)})"),
        ):
            name = guard_name(table, verb)
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} FOR EACH ROW WHEN ({when})"
                f" EXECUTE FUNCTION {function}()",
            )
