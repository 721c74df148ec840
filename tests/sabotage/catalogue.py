"""Every sabotage: which safeguard a line of code is, what the code becomes without it, and which tests notice.

The safeguards are those of architecture.md section 3. Whoever changes one of these lines changes the entry with it.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Name of the environment variable that tells the plugin which sabotage is meant.
VARIABLE = "SABOTAGE"

FACTS = "tests/integration/test_architecture_facts.py"
ATTACKS = "tests/integration/test_attacks.py"
INSIDE = "tests/integration/test_inside.py"
BYPASS = "tests/acceptance/test_bypass.py"
BACK = "tests/acceptance/test_going_back.py"
OUTAGE = "tests/acceptance/test_s08_outage.py"
RELEASE = "tests/acceptance/test_emergency_release.py"
AT_DECISION = "tests/acceptance/test_held_at_decision.py"
SCENARIOS = "tests/acceptance/test_s10_to_s26.py"
BAD_INPUT = "tests/acceptance/test_bad_input.py"
MOVING = "tests/integration/test_moving.py"
PLATFORMS = "tests/unit/test_platforms.py"
GATEWAY = "tests/unit/adapters/test_adapter_http.py"
OUTBOX = "tests/integration/test_outbox.py"


@dataclass(frozen=True, slots=True)
class Edit:
    """One text that becomes another."""

    module: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A safeguard taken away, and tests of which each must then fail.

    Attributes:
        without: the safeguard that is missing.
        edits: all made together.
        noticed_by: (file, test function); a test with parameters notices when one of its cases fails.
    """

    without: str
    edits: tuple[Edit, ...]
    noticed_by: tuple[tuple[str, str], ...]


_GUARD = "approval_hook.hosts.viewflow.guard"
_ATTENDING = "approval_hook.hosts.viewflow.attending"
_NODES = "approval_hook.hosts.viewflow.nodes"
_STANDING = "approval_hook.standing"
_GATE = "approval_hook.gate"
_TRIGGERS = "approval_hook.triggers"
_PLATFORMS = "approval_hook.platforms"
_DELIVERING = "approval_hook.outbox.delivering"
_WRITING = "approval_hook.outbox.writing"


def _without_reason(reason: str, condition: str) -> Edit:
    return Edit(
        _STANDING, f'    if {condition}:\n        return "{reason}"', f'    if False:\n        return "{reason}"'
    )


CATALOGUE: dict[str, Sabotage] = {
    # --- the guard's reads ---
    "guard-reads-nothing": Sabotage(
        "the guard reads the record before a protected step",
        (Edit(_GUARD, "        answer = _answer(activation, case, error)\n", "        answer = True\n"),),
        (
            (FACTS, "test_fact_guard_holds_function_without_running_it"),
            (FACTS, "test_fact_guard_reads_facts_afresh"),
            (FACTS, "test_fact_case_past_the_insertion_point_is_caught_by_the_guard"),
            (FACTS, "test_fact_guard_reads_once_per_flow_lock"),
        ),
    ),
    "guard-does-not-look-again": Sabotage(
        "what a protected step saves is read before the step is done",
        (Edit("approval_hook.hosts.viewflow.watching", "        self.writes += 1\n", "        pass\n"),),
        (
            (BYPASS, "test_decision_form_cannot_exchange_the_applicant"),
            (FACTS, "test_fact_guard_reads_again_what_was_saved_under_the_lock"),
            ("tests/acceptance/test_observe_mode.py", "test_a_decision_that_exchanges_the_applicant_is_observed"),
        ),
    ),
    "automatic-step-stays": Sabotage(
        "an automatic decision that exchanges the parties is undone",
        (Edit(_GUARD, "        if watch.writes and not credit_permits(self):\n", "        if False:\n"),),
        ((FACTS, "test_fact_function_that_exchanges_the_applicant_decides_nothing"),),
    ),
    "guard-on-no-transition": Sabotage(
        "every forward transition of a protected task asks the guard",
        (
            Edit(
                _GUARD,
                "[credit_permits, *t.conditions] if t.source in _BEFORE_DONE else t.conditions",
                "t.conditions",
            ),
        ),
        (
            (FACTS, "test_fact_guard_holds_function_without_running_it"),
            (FACTS, "test_fact_guard_reads_facts_afresh"),
            (ATTACKS, "test_protected_task_is_guarded_under_another_nodes_activation_class"),
        ),
    ),
    "guard-asks-nobody": Sabotage(
        "a protected task that no gate leads to is asked about when it is made",
        (Edit(_GUARD, "            pass_or_park(activation)\n", "            pass\n"),),
        ((INSIDE, "test_a_clean_case_is_asked_when_its_decision_is_next"),),
    ),
    "gate-passes-anybody": Sabotage(
        "a gate task completes only on a valid record",
        (Edit(_NODES, "    return activation.may_pass()\n", "    return True\n"),),
        ((BYPASS, "test_shell_cannot_complete_the_gate"),),
    ),
    "record-of-any-case": Sabotage(
        "the record belongs to the same case",
        (
            Edit(
                _STANDING,
                'in_force = First(CreditDecision, "host_key", lambda rows: rows.order_by("-id"))',
                'def in_force(key):\n    return CreditDecision.objects.order_by("-id").first()',
            ),
        ),
        ((BYPASS, "test_record_of_another_case_does_not_serve"),),
    ),
    "changed-subjects-serve": Sabotage(
        "the record is about the subjects that are on the case now",
        (_without_reason("subjects-changed", "found.subjects != case.subjects"),),
        (
            (FACTS, "test_fact_guard_reads_facts_afresh"),
            (ATTACKS, "test_changed_facts_void_the_record"),
            (BACK, "test_returned_and_another_representative_voids_the_record"),
        ),
    ),
    "old-rules-serve": Sabotage(
        "the record was made under the rule revision in force",
        (_without_reason("rules-changed", "found.rules_digest != case.loaded.digest"),),
        ((BACK, "test_a_new_rule_revision_voids_the_record"),),
    ),
    "exemption-of-another-point-serves": Sabotage(
        "an exemption at one hook point is none at another",
        (_without_reason("exemption-changed", 'found.body.get("exemption", "") != exemption_of(case, point)'),),
        (("tests/acceptance/test_exemption.py", "test_exempt_at_acceptance_only_is_asked_before_the_decision"),),
    ),
    "stale-record-serves": Sabotage(
        "the record is fresh",
        (Edit(_STANDING, 'return "stale" if case.at >= limit else ""', 'return ""'),),
        (
            (BYPASS, "test_stale_record_does_not_serve"),
            (BACK, "test_age_counts_from_the_answer_and_not_from_the_step"),
            (SCENARIOS, "test_s10_list_updated_after_acceptance_is_caught_before_the_decision"),
        ),
    ),
    "effect-is-not-read": Sabotage(
        "the record's effect permits the step, its obligations discharged",
        (Edit(_STANDING, "if point is Point.ACCEPTANCE or found.permits:", "if True:"),),
        (
            (INSIDE, "test_a_hit_holds_the_step"),
            ("tests/integration/test_sweeping.py", "test_hit_found_late_holds_the_case"),
        ),
    ),
    "seal-is-not-checked": Sabotage(
        "a record that the gate did not write is not believed",
        (
            Edit(
                _STANDING,
                "if not found.is_genuine() or not emergency.stands(found):",
                "if not emergency.stands(found):",
            ),
        ),
        (
            (ATTACKS, "test_forged_decision_row_opens_nothing"),
            (ATTACKS, "test_what_changes_after_the_seal_is_not_believed"),
        ),
    ),
    "every-flow-observes": Sabotage(
        "only a flow that observes lets a held case pass",
        (Edit(_STANDING, "Verdict.PASSES if case.observed else Verdict.HELD", "Verdict.PASSES"),),
        ((INSIDE, "test_a_hit_holds_the_step"), (OUTAGE, "test_s08_from_filing_to_the_day_after")),
    ),
    "another-address": Sabotage(
        "a task answers under its own node's address only",
        (
            Edit(
                "approval_hook.hosts.viewflow.middleware",
                'raise Http404("No task matches the given query.")',
                "return",
            ),
        ),
        (
            (
                "tests/integration/workflows/test_addresses.py",
                "test_every_foreign_address_of_an_open_task_is_not_found",
            ),
        ),
    ),
    "another-case": Sabotage(
        "a task answers under its own case's address only",
        (
            Edit(
                "approval_hook.hosts.viewflow.middleware",
                'or task.process_id != kwargs.get("process_pk", task.process_id):',
                "or False:",
            ),
        ),
        ((BYPASS, "test_page_with_another_cases_number"),),
    ),
    "spelling-makes-a-second-person": Sabotage(
        "an account that differs in case or width only is the same person's",
        (Edit("approval_hook.people", "return person_of(one) == person_of(other)", "return one == other"),),
        (
            (ATTACKS, "test_who_handled_the_case_settles_nothing_under_another_spelling"),
            (RELEASE, "test_s08_who_handled_the_case_confirms_nothing_under_another_spelling"),
            (BYPASS, "test_who_accepted_does_not_decide_under_another_spelling"),
        ),
    ),
    "what-is-kept-is-believed": Sabotage(
        "no decision cites a rule set or calendar that is not what is kept under its digest",
        (
            Edit(
                "approval_hook.keeping",
                "    if model._default_manager.filter(pk=row.pk).values_list(*fields).first() !=",
                "    if False and () !=",
            ),
        ),
        ((ATTACKS, "test_a_rule_set_put_in_before_its_time_is_not_decided_on"),),
    ),
    # --- the database ---
    "no-guard-in-the-database": Sabotage(
        "the database refuses a protected step without a record",
        (
            Edit(
                _TRIGGERS,
                'return f"NEW.status IN {_FORWARD} AND EXISTS',
                'return f"1 = 0 AND EXISTS',
            ),
        ),
        (
            (FACTS, "test_fact_plain_orm_is_stopped_by_the_database_trigger"),
            (FACTS, "test_fact_base_activation_class_is_stopped_by_the_database_trigger"),
            (ATTACKS, "test_step_behind_the_decision_needs_the_decision"),
            (BYPASS, "test_admin_cannot_finish_the_decision"),
        ),
    ),
    "steps-behind-are-free": Sabotage(
        "what lies behind the decision needs the decision",
        (Edit(_TRIGGERS, 'f"(named.node IN ({_literals(flow.behind)}) AND NOT {decided})"', '"1 = 0"'),),
        ((ATTACKS, "test_step_behind_the_decision_needs_the_decision"),),
    ),
    "earlier-decision-will-do": Sabotage(
        "an earlier decision opens nothing in the database while the case is decided again",
        (Edit(_TRIGGERS, 'f" AND NOT (EXISTS ({again}){apart}))"', '")"'),),
        ((ATTACKS, "test_an_earlier_decision_opens_no_delivery"),),
    ),
    "steps-behind-are-not-guarded": Sabotage(
        "the guard lets a step behind the decision wait for the decision",
        (Edit(_GUARD, "    if binding is None or node.name not in binding.behind:\n", "    if True:\n"),),
        ((ATTACKS, "test_an_earlier_decision_opens_no_delivery"),),
    ),
    "old-names-are-free": Sabotage(
        "a renamed node stays protected under the name that waiting tasks have",
        (Edit(_TRIGGERS, 'f"({unknown} AND NOT {permitted})"', '"1 = 0"'),),
        (("tests/integration/test_renaming.py", "test_old_name_of_a_protected_node_stays_guarded"),),
    ),
    "other-paths-are-free": Sabotage(
        "a node is guarded under every path that ends like its flow",
        (Edit(_TRIGGERS, "OR (({named}) AND {ref} NOT IN ({others})))", "OR 1 = 0)"),),
        ((MOVING, "test_nodes_stay_guarded_under_the_old_path"),),
    ),
    "strange-names-are-free": Sabotage(
        "a case of a gated flow takes no step under a name that is none of its flow's",
        (Edit(_TRIGGERS, 'f"(NOT ({strange}) AND NEW.flow_task', 'f"(1 = 0 AND NOT ({strange}) AND NEW.flow_task'),),
        (
            (BYPASS, "test_a_node_under_another_path_is_stopped_by_the_database"),
            (MOVING, "test_only_a_move_as_told_may_change_the_reference_of_a_decision"),
        ),
    ),
    "case-leaves-its-flow": Sabotage(
        "a case of a gated flow is not given another flow",
        (Edit(_TRIGGERS, 'f"({_of_flow(flow, old)} AND NOT', 'f"(1 = 0 AND {_of_flow(flow, old)} AND NOT'),),
        ((MOVING, "test_a_case_stays_in_its_flow"),),
    ),
    "moved-flow-is-retired": Sabotage(
        "gate tasks of a flow that was moved are not finished unchecked",
        (
            Edit(
                "approval_hook.hosts.viewflow.missing",
                "if binding is not None and binding.flow_ref != flow_ref:",
                "if False:",
            ),
        ),
        ((MOVING, "test_moved_flow_retires_no_case"),),
    ),
    "decision-can-be-moved": Sabotage(
        "a finished decision stays with its case",
        (
            Edit(
                _TRIGGERS,
                'NEW.{c} IS NOT OLD.{c}" for c in ("status", "flow_task", process))',
                'NEW.{c} IS NOT OLD.{c}" for c in ("status", "flow_task"))',
            ),
        ),
        ((ATTACKS, "test_finished_decision_cannot_be_moved_to_another_case"),),
    ),
    "evidence-can-be-changed": Sabotage(
        "evidence is append-only in the database",
        (Edit(_TRIGGERS, "for each in kept:\n", "for each in ():\n"),),
        ((FACTS, "test_fact_evidence_is_append_only_in_code_and_in_the_database"),),
    ),
    "any-record-will-do": Sabotage(
        "the sweep believes only a record that permitted",
        (
            Edit(
                "approval_hook.hosts.viewflow.deciding",
                "return {r.pk for r in (*in_force, *about) if r.permits}",
                "return {r.pk for r in (*in_force, *about)}",
            ),
        ),
        (("tests/integration/test_sweeping.py", "test_decision_on_no_record_that_permitted_it_is_found"),),
    ),
    "sweep-checks-no-seal": Sabotage(
        "the sweep believes only a record that the gate made",
        (Edit("approval_hook.hosts.viewflow.deciding", "if row.is_genuine() and emergency.stands(row)", ""),),
        (("tests/integration/test_sweeping.py", "test_decision_on_no_record_that_permitted_it_is_found"),),
    ),
    "late-check-on-its-word": Sabotage(
        "a late check counts as made with its record only",
        (
            Edit(
                "approval_hook.hosts.viewflow.deciding",
                "known |= {key for key, row in rows.items() if row.done_at is None}",
                "known |= set(rows)",
            ),
        ),
        (("tests/integration/test_sweeping.py", "test_a_late_check_that_nobody_made_silences_nothing"),),
    ),
    # --- nothing is asked inside a transaction, nor unregistered ---
    "asks-inside-the-transaction": Sabotage(
        "a remote platform is asked after the commit",
        (Edit(_GATE, "    return not any(p.remote for p in platforms().values())\n", "    return True\n"),),
        (
            (FACTS, "test_fact_nothing_is_asked_inside_a_transaction"),
            (FACTS, "test_fact_rollback_asks_nothing"),
        ),
    ),
    "own-stale-record-stands-in-the-way": Sabotage(
        "a new answer replaces the record that was in force when it was asked for, also where a person's task waits",
        (Edit(_ATTENDING, "others = beside and found != seen", "others = beside"),),
        (
            (AT_DECISION, "test_a_record_that_grew_stale_while_it_waited_is_replaced"),
            (AT_DECISION, "test_it_asks_again_as_seldom_as_a_case_held_at_its_gate"),
            (AT_DECISION, "test_it_escalates_and_the_head_may_release_it"),
            (AT_DECISION, "test_it_lapses_on_the_statutory_date"),
        ),
    ),
    "asks-before-the-commit": Sabotage(
        "attending waits for the outermost commit and the end of the flow lock",
        (Edit(_ATTENDING, "    on_commit_unlocked(attend_quietly)\n", "    attend_quietly()\n"),),
        ((FACTS, "test_fact_nothing_is_asked_inside_a_transaction"),),
    ),
    "asks-unregistered": Sabotage(
        "nobody is asked about another case than the inquiry names",
        (
            Edit(
                _GATE,
                "if inquiry._state.adding or (inquiry.host_key, inquiry.subjects) != (case.host_key, case.subjects):",
                "if False:",
            ),
        ),
        ((SCENARIOS, "test_s26_no_call_asks_without_a_registered_inquiry"),),
    ),
    # --- no answer is never a clean one ---
    "time-out-is-clean": Sabotage(
        "a platform that does not answer gives could-not-tell",
        (
            Edit(
                _PLATFORMS,
                "status = QueryStatus.REJECTED if refused else QueryStatus.UNAVAILABLE",
                "status = QueryStatus.REJECTED if refused else QueryStatus.OK",
            ),
        ),
        (
            (FACTS, "test_fact_cancelled_check_does_not_open_the_way"),
            (OUTAGE, "test_s08_from_filing_to_the_day_after"),
            (BAD_INPUT, "test_no_usable_answer_is_could_not_tell"),
        ),
    ),
    "refusal-is-clean": Sabotage(
        "a platform that refuses gives could-not-tell",
        (Edit(_PLATFORMS, "QueryStatus.REJECTED if refused", "QueryStatus.OK if refused"),),
        ((PLATFORMS, "test_a_source_that_fails_is_could_not_tell"),),
    ),
    "broken-adapter-is-clean": Sabotage(
        "an adapter that fails gives could-not-tell",
        (
            Edit(
                _PLATFORMS,
                'return _failed(question, asked_at, "adapter-error")',
                'return _failed(question, asked_at, "adapter-error", QueryStatus.OK)',
            ),
        ),
        ((PLATFORMS, "test_a_source_that_fails_is_could_not_tell"),),
    ),
    "kept-back-is-clean": Sabotage(
        "a query that a limit of the source keeps back gives could-not-tell",
        (
            Edit(
                _PLATFORMS,
                "replace(_failed(question, at, error.reason), answered_at=at)",
                "replace(_failed(question, at, error.reason, QueryStatus.OK), answered_at=at)",
            ),
        ),
        (
            ("tests/integration/test_limits.py", "test_query_that_a_limit_keeps_back_is_could_not_tell"),
            ("tests/integration/test_limits.py", "test_case_that_is_kept_back_waits_and_has_no_clean_record"),
        ),
    ),
    "cut-answer-is-whole": Sabotage(
        "an answer that our deadline cut off is none",
        (Edit("adapters.http", "if deadline.left == 0:\n                raise", "if False:\n                raise"),),
        ((GATEWAY, "test_no_drip_beats_the_deadline"),),
    ),
    "answer-about-somebody-else-serves": Sabotage(
        "an answer about another party or from another source is none",
        (Edit(_PLATFORMS, "return report if mine else", "return report if True else"),),
        ((PLATFORMS, "test_an_answer_about_somebody_else_or_none_at_all_is_no_answer"),),
    ),
    "stale-copy-burdens": Sabotage(
        "no burden rests on a record that a stronger source says is repaired, however it is written there",
        (Edit(_GATE, "    used = one_spelling(reports)\n", "    used = reports\n"),),
        (("tests/integration/test_conflicts.py", "test_a_repair_at_the_stronger_source_takes_the_burden_away"),),
    ),
    "older-answer-stands-above": Sabotage(
        "a worker that slept over its lease decides nothing on what it fetched",
        (Edit(_GATE, "    return reply if ours else None\n", "    return reply\n"),),
        (("tests/integration/test_callbacks.py", "test_what_came_after_the_lease_is_kept_and_not_decided_on"),),
    ),
    "unsigned-call-back": Sabotage(
        "a call-back must be signed",
        (Edit("approval_hook.callbacks", '        return "signature"\n', '        return ""\n'),),
        (("tests/integration/test_callbacks.py", "test_what_is_not_genuine_is_refused"),),
    ),
    "half-an-answer-is-complete": Sabotage(
        "a reply is complete when every required source answered",
        (
            Edit(
                _GATE,
                "        r.status is QueryStatus.OK and not r.registered_name_differs for r in reports "
                "if r.source in required\n",
                "        True for r in reports if r.source in required\n",
            ),
        ),
        ((OUTAGE, "test_s08_platform_back_before_the_due_date_releases_the_case"),),
    ),
    # --- nobody is held for ever, nobody alone opens ---
    "held-task-cannot-be-cancelled": Sabotage(
        "a held task can be withdrawn with its case (NEW -> CANCELED)",
        (Edit(_GUARD, "    cancel = _cancellable(base)\n", "    cancel = None\n"),),
        ((FACTS, "test_fact_cancelled_check_does_not_open_the_way"),),
    ),
    "hold-outlives-the-due-date": Sabotage(
        "no hold for a missing answer outlives the statutory date",
        (Edit(_GATE, "if case.on < due or not all(", "if True or not all("),),
        ((OUTAGE, "test_s08_from_filing_to_the_day_after"),),
    ),
    "silence-lifts-a-bar": Sabotage(
        "silence never lifts a bar or a listed measure",
        (Edit(_GATE, "all(o.lapses for o in stated.obligations if o not in verdicts)", "True"),),
        ((OUTAGE, "test_s08_a_bar_of_the_own_register_is_never_released_by_silence"),),
    ),
    "one-person-releases": Sabotage(
        "an emergency release needs a second person",
        (Edit("approval_hook.emergency", "    if same_person(by, request.by):\n", "    if False:\n"),),
        ((RELEASE, "test_s08_one_person_alone_releases_nothing"),),
    ),
    "one-voice-settles-identity": Sabotage(
        "a possible match is settled by two different persons",
        (Edit("approval_hook.settling", "VOICES = {ObligationKind.TWO_CONFIRM_IDENTITY: 2}", "VOICES = {}"),),
        (("tests/acceptance/test_s01_to_s06.py", "test_s05_two_people_who_disagree_settle_nothing"),),
    ),
    "secret-by-value": Sabotage(
        "a secret is given by name alone",
        (Edit(_PLATFORMS, 'if key.removesuffix("_secret") in given:', "if False:"),),
        (("tests/unit/test_conf.py", "test_an_option_is_given_as_a_secret_or_by_value_and_not_both"),),
    ),
    # --- the outbox ---
    "outbox-without-fence": Sabotage(
        "a worker whose lease is over records nothing",
        (
            Edit(
                _DELIVERING,
                "Outgoing.objects.filter(pk=row.pk, fence=row.fence, leased_until=row.leased_until)",
                "Outgoing.objects.filter(pk=row.pk)",
            ),
        ),
        ((OUTBOX, "test_a_worker_whose_lease_is_over_records_nothing"),),
    ),
    "outbox-repeats-blindly": Sabotage(
        "what may have arrived is repeated only where that is harmless",
        (
            Edit(_DELIVERING, " if target.idempotent else None", ""),
            Edit(_DELIVERING, "again = target.idempotent and row.attempts", "again = row.attempts"),
        ),
        (
            (OUTBOX, "test_what_nobody_knows_is_repeated_only_where_that_is_harmless"),
            (OUTBOX, "test_killed_between_sending_and_recording"),
        ),
    ),
    "outbox-without-transaction": Sabotage(
        "nothing enters the outbox outside the transaction of its cause",
        (Edit(_WRITING, "router.db_for_write(Outgoing)).in_atomic_block:", "router.db_for_write(Outgoing)):"),),
        ((OUTBOX, "test_nothing_enters_outside_the_transaction_of_its_cause"),),
    ),
    "outbox-key-without-content": Sabotage(
        "one key of the outbox is one content for good",
        (Edit(_WRITING, "    if known.digest != row.digest:", "    if False:"),),
        ((OUTBOX, "test_one_key_is_one_thing_for_good"),),
    ),
    "outbox-never-rests": Sabotage(
        "a receiver that asks for a rest is left alone",
        (Edit(_DELIVERING, "RestingTarget.objects.filter(until__gt=now)", "RestingTarget.objects.none()"),),
        ((OUTBOX, "test_retry_after_holds_for_everything_that_comes_meanwhile"),),
    ),
    # --- the proof ---
    "coverage-always-passes": Sabotage(
        "credit_coverage fails where a path leads around the gate",
        (
            Edit(
                "approval_hook.management.commands.credit_coverage",
                "        if found.faults:\n            raise",
                "        if False:\n            raise",
            ),
        ),
        (("tests/integration/test_coverage.py", "test_way_around_is_named_and_fails"),),
    ),
    "proof-overlooks-boundary-events": Sabotage(
        "the proof follows boundary events and their timers",
        (
            Edit(
                "approval_hook.hosts.viewflow.graph",
                '                yield (event.name, "in")\n',
                "                continue\n",
            ),
        ),
        (
            (FACTS, "test_fact_boundary_edge_is_followed_by_injection_and_proof"),
            ("tests/integration/test_proof.py", "test_proof_agrees_with_two_oracles_and_its_paths_can_be_walked"),
        ),
    ),
    "proof-overlooks-compensation": Sabotage(
        "the proof follows compensation handlers",
        (Edit("approval_hook.hosts.viewflow.graph", "    if throws_compensation(node):\n", "    if False:\n"),),
        (("tests/integration/test_proof.py", "test_proof_agrees_with_two_oracles_and_its_paths_can_be_walked"),),
    ),
}
