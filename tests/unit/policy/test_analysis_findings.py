"""What each finding says: its place, what is wrong, what to do, the rules it is about and a cell that shows it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from approval_hook.policy.analysis import Finding, FindingKind, ReachedCell, Witness, analyse, reach
from approval_hook.policy.analysis.findings import listed
from approval_hook.policy.analysis.regions import region_classes
from approval_hook.policy.case import Role
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import Category, Exemption, Leniency, Memo
from approval_hook.policy.subjects import SubjectKind

from .planting import AWAY, CLEAN, bar, flaw, more, of, places, shared, twins
from .random_rules import GUESS, LAW, MEMO, POLICY, PROVINCE, SHARED

BONUS: dict[str, Any] = {"kind": "incentive", "effect": "longer_supplement", "list_types": ()}
#: A cell that the one measure of the clean rule set reaches.
CELL: dict[str, Any] = {
    "matter": "matter-0",
    "list_type": "list1",
    "role": Role.APPLICANT,
    "kind": SubjectKind.ORGANISATION,
    "region": "110000",
    "on": date(2026, 1, 1),
}


def leniency(**fields: Any) -> Leniency:
    """A leniency for first minor offences, everywhere."""
    given = {"id": "first", "title": "从轻", "title_en": "Leniency", "kind": "first_minor", "scope": "national"}
    return Leniency.model_validate({**given, "basis": (LAW,), **fields})


@pytest.mark.parametrize(
    ("parts", "findings"),
    [
        pytest.param(
            twins({}, {"effect": "strict_review"}, ("mandatory", "recommended")),
            (
                Finding(
                    FindingKind.CONFLICT,
                    "error",
                    "applications(matter-0 / first)",
                    (
                        "事项“matter-0”、名单“list1”：同一类措施“entry”在同一情形下要求不一：first（limit_entry，"
                        "强制性）、second（strict_review，推荐性）；请统一要求，或改正措施类别，或错开对象和有效期。"
                    ),
                    ("first", "second"),
                    Witness(**CELL),
                ),
            ),
            id="two effects",
        ),
        pytest.param(
            twins(BONUS, BONUS, ("mandatory", "recommended")),
            (
                Finding(
                    FindingKind.CONFLICT,
                    "error",
                    "applications(matter-0 / first)",
                    (
                        "事项“matter-0”：同一类措施“entry”在同一情形下要求不一：first（longer_supplement，强制性）、"
                        "second（longer_supplement，推荐性）；请统一要求，或改正措施类别，或错开对象和有效期。"
                    ),
                    ("first", "second"),
                    Witness(matter="matter-0", role=Role.APPLICANT, kind=SubjectKind.ORGANISATION, on=date(2026, 1, 1)),
                ),
                Finding(
                    FindingKind.NO_MEASURE,
                    "note",
                    "list_types(list1)",
                    "在事项matter-0没有任何措施，按“严重失信、无许可措施”（O-06）处理；如有依据请补充措施。",
                    ("list1", "matter-0"),
                    Witness(**CELL),
                ),
            ),
            id="two forces of an incentive",
        ),
        pytest.param(
            twins({}, {})
            | {
                "applications": tuple(
                    r.model_copy(update={"may_refuse": r.measure == "first"}) for r in twins({}, {})["applications"]
                )
            },
            (
                Finding(
                    FindingKind.CONFLICT,
                    "error",
                    "applications(matter-0 / first)",
                    (
                        "事项“matter-0”、名单“list1”：同一类措施“entry”在同一情形下要求不一：first（limit_entry，"
                        "强制性，可据以不予许可）、second（limit_entry，强制性）；请统一要求，或改正措施类别，"
                        "或错开对象和有效期。"
                    ),
                    ("first", "second"),
                    Witness(**CELL),
                ),
            ),
            id="refused and not",
        ),
        pytest.param(
            twins({}, {}),
            (
                Finding(
                    FindingKind.DUPLICATE,
                    "warning",
                    "applications(matter-0 / first)",
                    (
                        "事项“matter-0”、名单“list1”：同一类措施“entry”对同一情形重复规定（first、second）；请合并，"
                        "只保留一条。"
                    ),
                    ("first", "second"),
                    Witness(**CELL),
                ),
            ),
            id="said twice",
        ),
        pytest.param(
            {"bars": (bar(), bar(id="c", period_years=None, may_refuse=False))},
            (
                Finding(
                    FindingKind.CONFLICT,
                    "error",
                    "bars(b)",
                    (
                        "事项“matter-0”、事件“revoked”、领域“synthetic”：同一事实的禁入期限或后果不一：b（3年，"
                        "可据以不予许可）、c（终身）；请按特别法确定一条，缩小另一条的 matters。"
                    ),
                    ("b", "c"),
                    Witness(
                        matter="matter-0",
                        role=Role.APPLICANT,
                        kind=SubjectKind.ORGANISATION,
                        region="110000",
                        on=date(2026, 1, 1),
                        event="revoked",
                        domain="synthetic",
                        proof="own_register",
                    ),
                ),
            ),
            id="two periods",
        ),
        pytest.param(
            {"bars": (bar(), bar(id="c"))},
            (
                Finding(
                    FindingKind.DUPLICATE,
                    "warning",
                    "bars(b)",
                    (
                        "事项“matter-0”、事件“revoked”、领域“synthetic”：同一事实由b、c重复规定同样的禁入；请合并，"
                        "把依据写在一条内。"
                    ),
                    ("b", "c"),
                    Witness(
                        matter="matter-0",
                        role=Role.APPLICANT,
                        kind=SubjectKind.ORGANISATION,
                        region="110000",
                        on=date(2026, 1, 1),
                        event="revoked",
                        domain="synthetic",
                        proof="own_register",
                    ),
                ),
            ),
            id="a bar twice",
        ),
        pytest.param(
            more("applications", matter="gone", measure="lost"),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(gone / lost)",
                    "本条永远不会适用：事项“gone”不存在；措施“lost”不存在。请改正，或删除本条。",
                    ("lost",),
                    Witness(matter="gone"),
                ),
            ),
            id="neither matter nor measure",
        ),
        pytest.param(
            more("measures", id="spare", **BONUS, roles=(Role.INVESTOR,))
            | more("applications", measure="spare")
            | {"good_credit_routes": ()}
            | flaw("matters", quota_limited=True),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "applications(matter-0 / spare)",
                    (
                        "本条永远不会适用：激励只给申请人，roles 中没有 applicant；有效期内没有可以成立的守信途径。"
                        "请改正，或删除本条。"
                    ),
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
                Finding(
                    FindingKind.ROLE_WITHOUT_EFFECT,
                    "note",
                    "measures(spare).roles",
                    "激励只给申请人，investor不起作用；请从 roles 中删除。",
                    ("spare",),
                ),
            ),
            id="a bonus for nobody",
        ),
        pytest.param(
            more("measures", id="spare", **BONUS | {"effect": "green_channel"}, roles=(Role.APPLICANT,))
            | more("applications", measure="spare")
            | flaw("matters", quota_limited=True),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "applications(matter-0 / spare)",
                    "本条永远不会适用：有数量限制的事项不设绿色通道。请改正，或删除本条。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a green channel under a quota",
        ),
        pytest.param(
            more("measures", id="spare", **BONUS, roles=(Role.APPLICANT,))
            | more("applications", measure="spare", valid_to=date(2025, 1, 1)),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "applications(matter-0 / spare)",
                    "本条永远不会适用：措施、应用和规则的有效期没有共同的日子。请改正，或删除本条。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a bonus out of force",
        ),
        pytest.param(
            more("measures", id="spare", list_types=(), roles=(Role.INVESTOR,))
            | more("applications", measure="spare", basis=()),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    (
                        "本条永远不会适用：措施所列角色，本事项一个也不核查；限制准入没有写明适用于本事项的依据；"
                        "没有写明对应名单。请改正，或删除本条。"
                    ),
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
                Finding(
                    FindingKind.NO_BASIS,
                    "error",
                    "applications(matter-0 / spare)",
                    "限制准入没有适用于本事项的依据；请补上指明本事项的法律、法规或中央政策文件。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="no role, basis or list",
        ),
        pytest.param(
            more("measures", id="spare", basis=(MEMO,)) | more("applications", measure="spare"),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    (
                        "本条永远不会适用：依据不全是已核实的法律、行政法规、地方性法规或中央政策文件。请改正，"
                        "或删除本条。"
                    ),
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
                Finding(
                    FindingKind.NO_BASIS,
                    "error",
                    "applications(matter-0 / spare)",
                    "依据不全是已核实的法律、行政法规、地方性法规或中央政策文件，不得产生不利影响；请核实或改引依据。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="no lawful basis",
        ),
        pytest.param(
            more("measures", id="spare", type="other")
            | more("applications", measure="spare", valid_to=date(2025, 1, 1)),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    (
                        "本条永远不会适用：措施、应用和规则的有效期没有共同的日子；"
                        "名单“list1”及各项依据适用的日子与措施的有效期没有重合。请改正，或删除本条。"
                    ),
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a sanction out of force",
        ),
        pytest.param(
            more("measures", id="spare", list_types=("gone", "list13")) | more("applications", measure="spare"),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    "本条永远不会适用：名单“gone”不存在；名单“list13”不是严重失信名单。请改正，或删除本条。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="an unknown list",
        ),
        pytest.param(
            more("measures", id="spare", list_types=("look",))
            | more("applications", measure="spare")
            | more("list_types", code="look", reference_only=True),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    "本条永远不会适用：名单“look”仅供参考、属守信名单或没有已核实的依据。请改正，或删除本条。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a list for reference",
        ),
        pytest.param(
            more("measures", id="spare", list_types=("far",))
            | more("applications", measure="spare")
            | more("list_types", code="far", scope="agreement:none"),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    "本条永远不会适用：名单“far”在规则有效期内不及于任何地域。请改正，或删除本条。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "list_types(far)",
                    "本条永远不会适用：名单在规则有效期内不及于任何地域；请核对 scope，或删除本条。",
                    ("far",),
                ),
            ),
            id="a list of nowhere",
        ),
        pytest.param(
            more("measures", id="spare", basis=(PROVINCE,)) | more("applications", measure="spare", basis=(AWAY,)),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    "本条永远不会适用：名单“list1”与各项依据没有共同的适用地域。请改正，或删除本条。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="bases of two places",
        ),
        pytest.param(
            more("measures", id="spare", list_types=("ours",), valid_from=date(2026, 7, 1))
            | more("applications", measure="spare")
            | more("list_types", code="ours", scope="agreement:a")
            | {"agreements": (shared(),)},
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "applications(matter-0 / spare)",
                    "本条永远不会适用：名单“ours”及各项依据适用的日子与措施的有效期没有重合。请改正，或删除本条。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
                Finding(
                    FindingKind.NO_MEASURE,
                    "note",
                    "list_types(ours)",
                    "在事项matter-0、matter-1没有任何措施，按“严重失信、无许可措施”（O-06）处理；如有依据请补充措施。",
                    ("ours", "matter-0", "matter-1"),
                    Witness(**CELL | {"list_type": "ours", "region": "350000"}),
                ),
            ),
            id="a list after the agreement",
        ),
        pytest.param(
            {"bars": (bar(roles=(Role.INVESTOR,), basis=(MEMO,)),)},
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "bars(b).matters(matter-0)",
                    (
                        "本条永远不会适用：所列角色，本事项一个也不核查；依据不全是已核实的法律、行政法规、"
                        "地方性法规或中央政策文件。请改正，或从 matters 中删除本事项。"
                    ),
                    ("b",),
                    Witness(matter="matter-0"),
                ),
                Finding(
                    FindingKind.NO_BASIS,
                    "error",
                    "bars(b)",
                    "依据不全是已核实的法律、行政法规、地方性法规或中央政策文件，不得产生不利影响；请核实或改引依据。",
                    ("b",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a bar without role or law",
        ),
        pytest.param(
            {"bars": (bar(proofs=("platform",)),)} | flaw("matters", required_sources=("own_register",)),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "bars(b).matters(matter-0)",
                    "本条永远不会适用：本事项没有能够证明它的来源（platform）。请改正，或从 matters 中删除本事项。",
                    ("b",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a bar without proof",
        ),
        pytest.param(
            {"bars": (bar(basis=(PROVINCE, AWAY)),)},
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "bars(b).matters(matter-0)",
                    "本条永远不会适用：各项依据没有共同的适用地域。请改正，或从 matters 中删除本事项。",
                    ("b",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a bar of two places",
        ),
        pytest.param(
            {"bars": (bar(matters=("gone", "gone", "matter-0")),)},
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "error",
                    "bars(b).matters(gone)",
                    "本条永远不会适用：事项“gone”不存在。请改正，或从 matters 中删除。",
                    ("b",),
                    Witness(matter="gone"),
                ),
            ),
            id="a bar at an unknown matter",
        ),
        pytest.param(
            {"leniencies": (leniency(scope="agreement:none"),)},
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "leniencies(first)",
                    "本条永远不会适用：其地域和日期内没有可从轻的名单，或已有同类规则在先；请核对 scope，或删除本条。",
                    ("first",),
                ),
            ),
            id="a leniency of nowhere",
        ),
        pytest.param(
            {"leniencies": (leniency(), leniency(id="second", scope="province:44"))},
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "leniencies(second)",
                    "本条永远不会适用：其地域和日期内没有可从轻的名单，或已有同类规则在先；请核对 scope，或删除本条。",
                    ("second",),
                ),
            ),
            id="a leniency behind another",
        ),
        pytest.param(
            flaw("good_credit_routes", kind="red_list", years=None),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "good_credit_routes(clean)",
                    "本条永远不会适用：没有可用的守信名单；请核对 list_types，或删除本条。",
                    ("clean",),
                ),
            ),
            id="a red route without a list",
        ),
        pytest.param(
            flaw("good_credit_routes", years=None),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "good_credit_routes(clean)",
                    "本条永远不会适用：没有写明年数；请核对 years，或删除本条。",
                    ("clean",),
                ),
            ),
            id="clean years without a number",
        ),
        pytest.param(
            flaw("grounds", matters=("gone",)),
            (
                Finding(
                    FindingKind.NEVER_FIRES,
                    "warning",
                    "grounds(ground)",
                    (
                        "本条永远不会适用：没有事项按它核查任何主体，或已有其他依据在先；请核对 matters、roles、"
                        "kinds、sources 和有效期，或删除本条。"
                    ),
                    ("ground",),
                ),
            ),
            id="a ground nobody needs",
        ),
        pytest.param(
            flaw("grounds", valid_to=date(2026, 6, 30)),
            (
                Finding(
                    FindingKind.NO_GROUND_DAYS,
                    "warning",
                    "matters(matter-0)",
                    "查询依据在规则有效期内有一段时间不适用，其间只能凭授权核查；请补上该段时间的依据。",
                    ("ground",),
                    Witness(
                        matter="matter-0",
                        role=Role.APPLICANT,
                        kind=SubjectKind.ORGANISATION,
                        region="110000",
                        on=date(2026, 7, 1),
                    ),
                ),
                Finding(
                    FindingKind.NO_GROUND_DAYS,
                    "warning",
                    "matters(matter-1)",
                    "查询依据在规则有效期内有一段时间不适用，其间只能凭授权核查；请补上该段时间的依据。",
                    ("ground",),
                    Witness(
                        matter="matter-1",
                        role=Role.APPLICANT,
                        kind=SubjectKind.ORGANISATION,
                        region="110000",
                        on=date(2026, 7, 1),
                    ),
                ),
            ),
            id="a ground that lapses",
        ),
        pytest.param(
            flaw("applications", basis=(POLICY,), may_refuse=True),
            (
                Finding(
                    FindingKind.NO_BASIS,
                    "error",
                    "applications(matter-0 / ban)",
                    "不予许可须全部依据法律、法规；请改引依据，或设 may_refuse: false。",
                    ("ban",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a refusal by policy",
        ),
        pytest.param(
            flaw("measures", effect="strict_review") | flaw("applications", may_refuse=True),
            (
                Finding(
                    FindingKind.NO_BASIS,
                    "error",
                    "applications(matter-0 / ban)",
                    "只有限制准入的措施可以据以不予许可；请设 may_refuse: false。",
                    ("ban",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a refusal by review",
        ),
        pytest.param(
            more("measures", id="spare", effect="of_others") | more("applications", measure="spare", may_refuse=True),
            (
                Finding(
                    FindingKind.NO_BASIS,
                    "error",
                    "applications(matter-0 / spare)",
                    "激励措施和其他机关的措施不能据以不予许可；请设 may_refuse: false。",
                    ("spare",),
                    Witness(matter="matter-0"),
                ),
            ),
            id="a refusal by others",
        ),
        pytest.param(
            more("list_types", code="spare", severity=Severity.GENERAL, basis=(MEMO,)),
            (
                Finding(
                    FindingKind.NO_BASIS,
                    "error",
                    "list_types(spare)",
                    (
                        "名单没有已核实的法律、行政法规、地方性法规或中央政策文件依据；请补充依据，"
                        "或设 reference_only: true。"
                    ),
                    ("spare",),
                    Witness(list_type="spare"),
                ),
            ),
            id="a list without a basis",
        ),
        pytest.param(
            flaw(
                "matters",
                materials=(
                    CLEAN.matters[0].materials[0].model_copy(update={"kind": "statutory", "supplement_days": 13}),
                ),
            ),
            (
                Finding(
                    FindingKind.STATUTORY_TOLERABLE,
                    "error",
                    "matters(matter-0).materials(paper-0)",
                    "法律法规要求的材料不得容缺；请设 tolerance: never，或核对 kind。",
                    ("matter-0", "paper-0"),
                    Witness(matter="matter-0", material="paper-0"),
                ),
                Finding(
                    FindingKind.SUPPLEMENT_LATE,
                    "error",
                    "matters(matter-0).materials(paper-0)",
                    "补交期限最长18个工作日，而决定期限前只容得下17个工作日；请改短。",
                    ("matter-0", "paper-0"),
                    Witness(matter="matter-0", material="paper-0"),
                ),
            ),
            id="a material of law, and late",
        ),
        pytest.param(
            flaw("measures", roles=(Role.APPLICANT, Role.INVESTOR, Role.PRINCIPAL)),
            (
                Finding(
                    FindingKind.ROLE_NOT_QUERIED,
                    "error",
                    "applications(matter-0 / ban)",
                    (
                        "依据所及的investor、principal，事项“matter-0”从不核查；请补入该事项的 queried_roles，"
                        "或从本条 roles 中删除。"
                    ),
                    ("ban",),
                    Witness(matter="matter-0", role=Role.INVESTOR),
                ),
                Finding(
                    FindingKind.ROLE_NOT_QUERIED,
                    "error",
                    "applications(matter-1 / ban)",
                    (
                        "依据所及的investor、principal，事项“matter-1”从不核查；请补入该事项的 queried_roles，"
                        "或从本条 roles 中删除。"
                    ),
                    ("ban",),
                    Witness(matter="matter-1", role=Role.INVESTOR),
                ),
            ),
            id="a role nobody asks about",
        ),
        pytest.param(
            {"bars": (bar(roles=(Role.APPLICANT, Role.INVESTOR)),)},
            (
                Finding(
                    FindingKind.ROLE_NOT_QUERIED,
                    "error",
                    "bars(b)",
                    (
                        "依据所及的investor，事项“matter-0”从不核查；请补入该事项的 queried_roles，"
                        "或从本条 roles 中删除。"
                    ),
                    ("b",),
                    Witness(matter="matter-0", role=Role.INVESTOR),
                ),
            ),
            id="a role of a bar",
        ),
        pytest.param(
            {"bars": (bar(proofs=("own_register", "platform")),)} | flaw("matters", required_sources=("own_register",)),
            (
                Finding(
                    FindingKind.PROOF_NOT_QUERIED,
                    "warning",
                    "bars(b)",
                    "事项“matter-0”没有能以platform证明本条的来源；请补上来源，或从 proofs 中删除。",
                    ("b",),
                    Witness(matter="matter-0", proof="platform"),
                ),
            ),
            id="a proof nobody can give",
        ),
        pytest.param(
            {"bars": (bar(domains=("same_licence", "elsewhere")),)},
            (
                Finding(
                    FindingKind.UNKNOWN_DOMAIN,
                    "note",
                    "bars(b).domains",
                    "没有事项属于领域elsewhere；如指其他领域的许可则无妨，否则请核对拼写。",
                    ("b",),
                ),
            ),
            id="an unknown field",
        ),
        pytest.param(
            flaw("measures", roles=(Role.APPLICANT,), kinds=(SubjectKind.PERSON,)),
            (
                Finding(
                    FindingKind.WRONG_KIND,
                    "warning",
                    "applications(matter-0 / ban)",
                    "本条在此只及于申请人，而 kinds 中没有可以申请的“organisation”；请核对 kinds 或事项。",
                    ("ban",),
                    Witness(**CELL | {"kind": SubjectKind.PERSON}),
                ),
                Finding(
                    FindingKind.WRONG_KIND,
                    "warning",
                    "applications(matter-1 / ban)",
                    "本条在此只及于申请人，而 kinds 中没有可以申请的“organisation”；请核对 kinds 或事项。",
                    ("ban",),
                    Witness(**CELL | {"matter": "matter-1", "kind": SubjectKind.PERSON}),
                ),
            ),
            id="the wrong kind of applicant",
        ),
        pytest.param(
            more("measures", id="spare", **BONUS, roles=(Role.APPLICANT, Role.INVESTOR))
            | more("applications", measure="spare"),
            (
                Finding(
                    FindingKind.ROLE_WITHOUT_EFFECT,
                    "note",
                    "measures(spare).roles",
                    "激励只给申请人，investor不起作用；请从 roles 中删除。",
                    ("spare",),
                ),
            ),
            id="a bonus for others",
        ),
        pytest.param(
            more("list_types", code="spare"),
            (
                Finding(
                    FindingKind.NO_MEASURE,
                    "note",
                    "list_types(spare)",
                    "在事项matter-0、matter-1没有任何措施，按“严重失信、无许可措施”（O-06）处理；如有依据请补充措施。",
                    ("spare", "matter-0", "matter-1"),
                    Witness(**CELL | {"list_type": "spare"}),
                ),
            ),
            id="a list without measures",
        ),
        pytest.param(
            flaw("applications", valid_to=date(2026, 6, 30)),
            (
                Finding(
                    FindingKind.NO_MEASURE_DAYS,
                    "note",
                    "list_types(list1)",
                    "在事项matter-0，规则有效期内有一段时间没有措施，其间按 O-06 处理；请核对措施的有效期。",
                    ("list1", "matter-0"),
                    Witness(**CELL | {"on": date(2026, 7, 1)}),
                ),
            ),
            id="a list without measures for some days",
        ),
        pytest.param(
            {"display_periods": tuple(p for p in CLEAN.display_periods if p.severity is not Severity.MINOR)},
            (
                Finding(
                    FindingKind.NO_DISPLAY_PERIOD,
                    "warning",
                    "display_periods",
                    "程度“minor”没有公示期限，这类记录将一直显示和使用；请补上最长月数。",
                    ("minor",),
                ),
            ),
            id="no display period",
        ),
        pytest.param(
            more("measures", id="spare"),
            (
                Finding(
                    FindingKind.UNUSED_MEASURE,
                    "warning",
                    "measures(spare)",
                    "没有事项应用本措施；请在 applications 中补上对应事项，或删除本措施。",
                    ("spare",),
                ),
            ),
            id="a spare measure",
        ),
        pytest.param(
            more("measures", id="spare", effect="of_others"),
            (
                Finding(
                    FindingKind.UNUSED_MEASURE,
                    "note",
                    "measures(spare)",
                    "没有事项应用本措施；请在 applications 中补上对应事项，或删除本措施。",
                    ("spare",),
                ),
            ),
            id="a spare measure of others",
        ),
        pytest.param(
            more("matters", code="spare"),
            (
                Finding(
                    FindingKind.NO_MEASURE,
                    "note",
                    "list_types(list1)",
                    "在事项spare没有任何措施，按“严重失信、无许可措施”（O-06）处理；如有依据请补充措施。",
                    ("list1", "spare"),
                    Witness(**CELL | {"matter": "spare"}),
                ),
                Finding(
                    FindingKind.UNREACHED_MATTER,
                    "note",
                    "matters(spare)",
                    "没有惩戒或激励措施及于本事项；如有对应措施，请在 applications 中补上。",
                    ("spare",),
                    Witness(matter="spare"),
                ),
            ),
            id="a matter without measures",
        ),
        pytest.param(
            flaw("editions", valid_from=date(2026, 3, 1)),
            (
                Finding(
                    FindingKind.OUTSIDE_EDITION,
                    "warning",
                    "measures(ban)",
                    "措施类别“entry”所在的清单版本当日无效，措施却仍适用；请改用有效版本的类别，或缩短有效期。",
                    ("ban",),
                    Witness(**CELL),
                ),
            ),
            id="outside its edition",
        ),
        pytest.param(
            {"bars": (bar(matters=()),)},
            (
                Finding(
                    FindingKind.UNUSED,
                    "note",
                    "bars(b)",
                    "没有写明本规则中的事项，不会适用；如本机关不办理该许可则无妨，否则请补上 matters。",
                    ("b",),
                ),
            ),
            id="a bar without matters",
        ),
        pytest.param(
            {"bases": (*CLEAN.bases, GUESS)},
            (
                Finding(
                    FindingKind.UNUSED, "note", "bases(guess)", "没有任何条目引用；请补上引用，或删除。", ("guess",)
                ),
                Finding(
                    FindingKind.UNVERIFIED_BASIS,
                    "note",
                    "bases(guess)",
                    "《合成法》第一条：引文未核实，不得产生不利影响；请核对原文后设 verified: true。",
                    ("guess",),
                ),
            ),
            id="a basis nobody verified",
        ),
        pytest.param(
            more("documents", id="spare", title="无人引用"),
            (
                Finding(
                    FindingKind.UNUSED, "note", "documents(spare)", "没有任何条目引用；请补上引用，或删除。", ("spare",)
                ),
            ),
            id="a spare document",
        ),
        pytest.param(
            more("documents", id="spare", version=date(2020, 1, 1)),
            (
                Finding(
                    FindingKind.UNUSED, "note", "documents(spare)", "没有任何条目引用；请补上引用，或删除。", ("spare",)
                ),
            ),
            id="a document of another version",
        ),
        pytest.param(
            more("sources", name="spare"),
            (
                Finding(
                    FindingKind.UNUSED, "note", "sources(spare)", "没有任何条目引用；请补上引用，或删除。", ("spare",)
                ),
            ),
            id="a spare source",
        ),
        pytest.param(
            more("editions", id="spare"),
            (
                Finding(
                    FindingKind.UNUSED, "note", "editions(spare)", "没有任何条目引用；请补上引用，或删除。", ("spare",)
                ),
            ),
            id="a spare edition",
        ),
        pytest.param(
            more("measure_types", code="spare"),
            (
                Finding(
                    FindingKind.UNUSED,
                    "note",
                    "measure_types(spare)",
                    "没有任何条目引用；请补上引用，或删除。",
                    ("spare",),
                ),
            ),
            id="a spare measure type",
        ),
        pytest.param(
            more("clocks", id="spare"),
            (
                Finding(
                    FindingKind.UNUSED, "note", "clocks(spare)", "没有任何条目引用；请补上引用，或删除。", ("spare",)
                ),
            ),
            id="a spare clock",
        ),
        pytest.param(
            {"agreements": (shared(),)},
            (Finding(FindingKind.UNUSED, "note", "agreements(a)", "没有任何条目引用；请补上引用，或删除。", ("a",)),),
            id="a spare agreement",
        ),
        pytest.param(
            {"categories": (Category(code="spare", title="闲置", origins=()),)},
            (
                Finding(
                    FindingKind.UNUSED,
                    "note",
                    "categories(spare)",
                    "没有任何条目引用；请补上引用，或删除。",
                    ("spare",),
                ),
            ),
            id="a spare category",
        ),
        pytest.param(
            {"memos": (Memo(code="spare", title="闲置", kind="sanction", basis=(LAW,)),)},
            (
                Finding(
                    FindingKind.UNUSED, "note", "memos(spare)", "没有任何条目引用；请补上引用，或删除。", ("spare",)
                ),
            ),
            id="a spare memorandum",
        ),
        pytest.param(
            {
                "display_periods": (
                    *CLEAN.display_periods,
                    CLEAN.display_periods[0].model_copy(update={"id": "spare", "severity": None}),
                )
            },
            (
                Finding(
                    FindingKind.UNUSED,
                    "note",
                    "display_periods(spare)",
                    "没有任何条目引用；请补上引用，或删除。",
                    ("spare",),
                ),
            ),
            id="a spare display period",
        ),
    ],
)
def test_a_planted_flaw_is_all_that_is_found_and_told_in_full(
    parts: dict[str, Any], findings: tuple[Finding, ...]
) -> None:
    """In a rule set about which nothing else is found."""
    assert analyse(CLEAN.model_copy(update=parts)).findings == findings


def found(**parts: Any) -> list[tuple[FindingKind, str]]:
    """Kind and place of whatever is found when these parts of the clean rule set are replaced."""
    return [(f.kind, f.place) for f in analyse(CLEAN.model_copy(update=parts)).findings]


def cells(kind: FindingKind, **parts: Any) -> list[Witness | None]:
    """The cells that show the findings of a kind when these parts of the clean rule set are replaced."""
    return [f.witness for f in of(analyse(CLEAN.model_copy(update=parts)), kind)]


@pytest.mark.parametrize(
    ("matter", "measure"),
    [("gone", "ban"), ("matter-0", "lost")],
)
def test_a_row_of_an_unknown_matter_or_measure_is_dead_and_nothing_else(matter: str, measure: str) -> None:
    """One of the two is enough."""
    place = f"applications({matter} / {measure})"
    assert found(**more("applications", matter=matter, measure=measure)) == [(FindingKind.NEVER_FIRES, place)]


def test_a_row_of_others_hides_nothing_behind_it() -> None:
    """A measure of other bodies never fires here and asks nobody; the rows behind it are looked at all the same."""
    measures = more("measures", id="others", effect="of_others", roles=(Role.APPLICANT, Role.INVESTOR))["measures"]
    ban = measures[0].model_copy(update={"roles": (Role.APPLICANT, Role.INVESTOR)})
    here = CLEAN.applications[0]
    rows = (here.model_copy(update={"measure": "others"}), here.model_copy(update={"measure": "lost"}))
    assert found(measures=(ban, *measures[1:]), applications=(*rows, *CLEAN.applications)) == [
        (FindingKind.NEVER_FIRES, "applications(matter-0 / lost)"),
        (FindingKind.ROLE_NOT_QUERIED, "applications(matter-0 / ban)"),
        (FindingKind.ROLE_NOT_QUERIED, "applications(matter-1 / ban)"),
    ]


def test_a_type_outside_every_edition_is_no_gap_of_an_edition() -> None:
    """What no edition lists cannot be out of force with it; an edition that ends is found from the day after."""
    assert found(**flaw("measures", type="other")) == [(FindingKind.UNUSED, "measure_types(entry)")]
    ended = cells(FindingKind.OUTSIDE_EDITION, **flaw("editions", valid_to=date(2026, 6, 30)))
    assert ended == [Witness(**CELL | {"on": date(2026, 7, 1)})]


def test_a_measure_that_ends_leaves_days_without_measure() -> None:
    """The measure bounds its rows, as the rows bound themselves."""
    (cell,) = cells(FindingKind.NO_MEASURE_DAYS, **flaw("measures", valid_to=date(2026, 6, 30)))
    assert cell == Witness(**CELL | {"on": date(2026, 7, 1)})


RED = {"code": "red", "severity": Severity.GOOD}


@pytest.mark.parametrize(
    ("effect", "parts"),
    [
        ("longer_supplement", {}),
        ("green_channel", {}),
        ("longer_supplement", flaw("matters", quota_limited=True)),
        ("longer_supplement", flaw("good_credit_routes", kind="red_list", years=None) | more("list_types", **RED)),
    ],
)
def test_a_bonus_that_somebody_can_earn_is_alive(effect: str, parts: dict[str, Any]) -> None:
    """By clean years or by a red list; a quota forbids the green channel alone."""
    bonus = more("measures", id="bonus", **BONUS | {"effect": effect}, roles=(Role.APPLICANT,))
    assert found(**bonus, **more("applications", measure="bonus"), **parts) == []


def test_a_red_list_for_reference_gives_no_good_credit() -> None:
    """What is for reference only has no effect, good or bad."""
    red = flaw("good_credit_routes", kind="red_list", years=None) | more("list_types", **RED, reference_only=True)
    assert found(**red) == [(FindingKind.NEVER_FIRES, "good_credit_routes(clean)")]


def test_a_bar_is_proved_by_the_sources_of_its_matter() -> None:
    """The own register proves for itself, every other source as a platform."""
    province = flaw("matters", required_sources=("province",))
    assert found(bars=(bar(proofs=("platform",)),), **province) == []
    missing = cells(FindingKind.PROOF_NOT_QUERIED, bars=(bar(proofs=("own_register", "platform")),), **province)
    assert missing == [Witness(matter="matter-0", proof="own_register")]


def test_a_cell_that_shows_two_rows_lies_where_both_hold() -> None:
    """A row of the whole country and one of a province meet in the province, wherever else the first one holds."""
    elsewhere = {"leniencies": (leniency(scope="city:3101"),)}
    met = cells(FindingKind.DUPLICATE, **twins({}, {"basis": (LAW, PROVINCE)}), **elsewhere)
    assert met == [Witness(**CELL | {"region": "440000"})]


def test_rows_that_share_one_day_repeat_each_other_on_it() -> None:
    """The last day of the one is the first day of the other."""
    day = date(2026, 3, 1)
    assert cells(FindingKind.DUPLICATE, **twins({"valid_to": day}, {"valid_from": day})) == [
        Witness(**CELL | {"on": day})
    ]
    assert not cells(FindingKind.DUPLICATE, **twins({"valid_to": day}, {"valid_from": date(2026, 3, 2)}))


def test_bars_of_an_agreement_of_one_day_contradict_each_other_on_it() -> None:
    """The day is both the first and the last one."""
    day = date(2026, 3, 1)
    bars = (bar(basis=(SHARED,)), bar(id="c", basis=(SHARED,), period_years=5))
    (cell,) = cells(FindingKind.CONFLICT, bars=bars, agreements=(shared(valid_from=day, valid_to=day),))
    assert cell is not None
    assert (cell.on, cell.region) == (day, "350000")


def test_a_bar_of_the_whole_country_meets_one_of_an_agreement_from_its_first_day() -> None:
    """Before that day there is one bar alone, which contradicts nothing."""
    day = date(2026, 3, 1)
    bars = (bar(), bar(id="c", basis=(SHARED,), period_years=5))
    (cell,) = cells(FindingKind.CONFLICT, bars=bars, agreements=(shared(valid_from=day, valid_to=None),))
    assert cell is not None
    assert (cell.on, cell.region) == (day, "350000")


def test_a_former_role_tells_bars_about_persons_apart() -> None:
    """Who was what counts for persons other than the applicant; an organisation meets both bars."""
    boss, head = Role.LEGAL_REPRESENTATIVE, Role.PRINCIPAL
    one = bar(roles=(boss,), roles_then=(boss,))
    (same,) = cells(FindingKind.CONFLICT, bars=(one, bar(id="c", roles=(boss,), roles_then=(boss,), period_years=5)))
    assert same is not None
    assert (same.role, same.kind, same.role_then) == (boss, SubjectKind.PERSON, "legal_representative")
    (apart,) = cells(FindingKind.CONFLICT, bars=(one, bar(id="c", roles=(boss,), roles_then=(head,), period_years=5)))
    assert apart is not None
    assert (apart.role, apart.kind, apart.role_then) == (boss, SubjectKind.ORGANISATION, "")


def test_a_bar_refuses_by_law_alone() -> None:
    """A central policy document carries the bar and not the refusal."""
    (finding,) = analyse(CLEAN.model_copy(update={"bars": (bar(basis=(POLICY,)),)})).findings
    assert finding.text == "不予许可须全部依据法律、法规；请改引依据，或设 may_refuse: false。"


def test_a_list_that_burdens_nobody_needs_no_basis() -> None:
    """A red list, and one that is for reference only."""
    lists = (
        *more("list_types", **RED, basis=(MEMO,))["list_types"],
        CLEAN.list_types[1].model_copy(update={"code": "look", "reference_only": True, "basis": (MEMO,)}),
    )
    assert found(list_types=lists) == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (BONUS, "激励措施和其他机关的措施不能据以不予许可；请设 may_refuse: false。"),
        (BONUS | {"effect": "strict_review"}, "只有限制准入的措施可以据以不予许可；请设 may_refuse: false。"),
        (BONUS | {"kind": "sanction"}, "只有限制准入的措施可以据以不予许可；请设 may_refuse: false。"),
    ],
)
def test_only_a_limit_on_entry_may_refuse(fields: dict[str, Any], text: str) -> None:
    """Kind and effect must both be those of an incentive to be called one."""
    parts = more("measures", id="spare", **fields) | more("applications", measure="spare", may_refuse=True)
    (finding,) = of(analyse(CLEAN.model_copy(update=parts)), FindingKind.NO_BASIS)
    assert finding.text == text


def test_every_material_is_looked_at_under_the_clock_of_its_own_matter() -> None:
    """One that never comes later hides none behind it, one that just fits is right, a short clock leaves less room."""
    paper = CLEAN.matters[0].materials[0]
    papers = tuple(
        paper.model_copy(update={"code": code, "supplement_days": length, "kind": kind, "tolerance": tolerance})
        for code, length, kind, tolerance in (
            ("law", 30, "statutory", "never"),
            ("fits", 12, "internal", "everyone"),
            ("late", 13, "internal", "everyone"),
        )
    )
    one, two = CLEAN.matters
    short = two.clock.model_copy(update={"days": 12})
    matters = (
        one.model_copy(update={"materials": papers}),
        two.model_copy(update={"clock": short, "materials": (paper,)}),
    )
    assert found(matters=matters) == [
        (FindingKind.SUPPLEMENT_LATE, "matters(matter-0).materials(late)"),
        (FindingKind.SUPPLEMENT_LATE, "matters(matter-1).materials(paper-0)"),
    ]


def test_what_a_row_reaches_in_full() -> None:
    """Each role and kind of a sanction on its lists; an incentive reaches the applicant and refuses nothing."""
    kinds = {"kinds": (SubjectKind.ORGANISATION,)}
    bonus = more("measures", id="bonus", **BONUS, **kinds) | more("applications", measure="bonus", matter="matter-1")
    cells = reach(CLEAN.model_copy(update=bonus | {"valid_to": date(2026, 12, 31)})).cells_at("matter-1")
    days = ((date(2026, 1, 1), date(2026, 12, 31)),)
    assert cells == (
        *(
            ReachedCell("ban", "matter-1", "list1", role, kind, (), days, "mandatory", may_refuse=False)
            for role in (Role.APPLICANT, Role.LEGAL_REPRESENTATIVE)
            for kind in (SubjectKind.ORGANISATION, SubjectKind.PERSON)
        ),
        ReachedCell(
            "bonus", "matter-1", "", Role.APPLICANT, SubjectKind.ORGANISATION, (), days, "mandatory", may_refuse=False
        ),
    )
    assert [cell.may_refuse for cell in cells] == [False] * 5


def test_what_is_reached_is_told_both_ways() -> None:
    """A measure names its matters and a matter its measures, sorted."""
    reached = reach(CLEAN.model_copy(update={"applications": CLEAN.applications[::-1]}))
    assert reached.matters_of("ban") == ("matter-0", "matter-1")
    assert reached.measures_of("matter-1") == ("ban",)
    assert reached.cells_of("ban") == reached.cells
    assert reached.cells_of("lost") == reached.cells_at("gone") == ()


def test_a_cell_in_words() -> None:
    """Every field under its name; one that plays no part is left out."""
    cell = Witness(**CELL, event="revoked", domain="food", role_then="principal", proof="platform", material="paper")
    assert cell.words() == (
        "事项 matter-0，名单 list1，角色 applicant，主体 organisation，地域 110000，日期 2026-01-01，"
        "事件 revoked，领域 food，当时角色 principal，证明来源 platform，材料 paper"
    )
    assert Witness(material="paper").words() == "材料 paper"


def test_findings_are_told_apart_by_severity() -> None:
    """A dead row is an error, a route that nobody can meet a warning, a spare part a note."""
    parts = more("applications", matter="gone") | flaw("good_credit_routes", years=None) | more("clocks", id="spare")
    analysis = analyse(CLEAN.model_copy(update=parts))
    assert [f.place for f in analysis.errors] == ["applications(gone / ban)"]
    assert [f.place for f in analysis.warnings] == ["good_credit_routes(clean)"]
    assert [f.place for f in analysis.notes] == ["clocks(spare)"]


def test_a_sentence_names_six_at_most() -> None:
    """Beyond that it says how many there are."""
    assert listed(tuple("abcdef")) == "a、b、c、d、e、f"
    assert listed(tuple("abcdefg")) == "a、b、c、d、e、f等7个"


@pytest.mark.parametrize(
    "parts",
    [
        flaw("applications", basis=(PROVINCE,)),
        flaw("measures", basis=(PROVINCE,)),
        {"bars": (bar(basis=(PROVINCE,)),)},
        flaw("grounds", basis=(PROVINCE,)),
        flaw("list_types", scope="province:44"),
        {"leniencies": (leniency(scope="province:44"),)},
        {"agreements": (shared(regions=("44",)),)},
    ],
)
def test_a_region_is_told_apart_by_whatever_mentions_it(parts: dict[str, Any]) -> None:
    """One region within what is mentioned, one outside."""
    assert region_classes(CLEAN.model_copy(update=parts)) == ("440000", "110000")


def test_where_every_province_is_mentioned_anywhere_else_still_looks_like_a_region() -> None:
    """Six digits that begin with none of the prefixes."""
    share = shared(regions=tuple(str(number) for number in range(11, 100)))
    assert region_classes(CLEAN.model_copy(update={"agreements": (share,)}))[-1] == "000000"
    city = {"leniencies": (leniency(scope="city:4403"),)}
    assert region_classes(CLEAN.model_copy(update=city)) == ("440300", "110000")


def test_a_list_of_an_agreement_holds_on_its_days_in_its_regions() -> None:
    """A single day is enough, and another agreement is none."""
    day = date(2026, 3, 1)
    ours = more("list_types", code="ours", scope="agreement:a")
    agreed = {"agreements": (shared(valid_from=day, valid_to=day),)}
    assert cells(FindingKind.NO_MEASURE, **ours, **agreed) == [
        Witness(**CELL | {"list_type": "ours", "region": "350000", "on": day})
    ]
    far = more("list_types", code="far", severity=Severity.GENERAL, scope="agreement:none")
    assert found(**far, **agreed) == [
        (FindingKind.NEVER_FIRES, "list_types(far)"),
        (FindingKind.UNUSED, "agreements(a)"),
    ]


@pytest.mark.parametrize(
    ("grounds", "dead"),
    [
        ([{"id": "some", "sources": ("province",)}, {"id": "zeal"}], ["some"]),
        ([{"id": "two"}, {"id": "one"}], ["two"]),
        ([{"id": "one", "kinds": (SubjectKind.PERSON,)}], ["one"]),
        ([{"id": "one", "sources": ("elsewhere",)}], ["one"]),
        ([{"id": "one"}, {"id": "two", "market_only": False}], []),
        ([{"id": "one", "market_only": False}, {"id": "two", "kinds": tuple(SubjectKind), "market_only": False}], []),
        ([{"id": "one"}, {"id": "two", "roles": (Role.LEGAL_REPRESENTATIVE,)}], []),
    ],
)
def test_a_ground_counts_where_none_before_it_does(grounds: list[dict[str, Any]], dead: list[str]) -> None:
    """The one for most sources comes first, then by id; each for its own roles, kinds and market subjects alone."""
    rows = tuple(CLEAN.grounds[0].model_copy(update=fields) for fields in grounds)
    assert found(grounds=rows) == [(FindingKind.NEVER_FIRES, f"grounds({name})") for name in dead]


@pytest.mark.parametrize(
    ("scope", "severity", "dead"),
    [
        ("national", Severity.MINOR, ["first"]),
        ("national", Severity.GENERAL, []),
        ("province:44", Severity.MINOR, []),
    ],
)
def test_a_first_offence_is_what_no_forgiveness_takes_away(scope: str, severity: Severity, dead: list[str]) -> None:
    """Where corrected minor records are forgiven outright, only a graver one can be a first offence."""
    lists = tuple(t.model_copy(update={"severity": severity}) for t in CLEAN.list_types)
    rules = CLEAN.model_copy(
        update={
            "list_types": lists,
            "leniencies": (
                leniency(id="again", kind="restructured"),
                leniency(id="mended", kind="minor_corrected", scope=scope),
                leniency(),
            ),
        }
    )
    never = [f.place for f in of(analyse(rules), FindingKind.NEVER_FIRES) if f.place.startswith("leniencies")]
    assert never == [f"leniencies({name})" for name in dead]


def test_a_list_without_effect_may_hold_nowhere() -> None:
    """A list for reference of no region takes nothing away."""
    assert found(**more("list_types", code="look", reference_only=True, scope="agreement:none")) == []


ONLY = LAW.model_copy(update={"id": "only"})
CITING: dict[str, Any] = {
    "agreements": shared(),
    "bars": bar(),
    "exemptions": Exemption.model_validate(
        {
            "id": "trial",
            "title": "示例豁免",
            "matter": "matter-0",
            "region": "",
            "points": ("decision",),
            "valid_from": "2026-01-01",
            "valid_to": None,
            "basis": (LAW,),
        }
    ),
    "leniencies": leniency(),
    "memos": Memo(code="memo", title="备忘录", kind="sanction", basis=(LAW,)),
}


@pytest.mark.parametrize(
    "part",
    [
        *("principles", "list_types", "display_periods", "grounds", "editions", "measure_types", "measures"),
        *("good_credit_routes", "clocks", "matters", "applications", *CITING),
    ],
)
def test_a_basis_is_used_by_whatever_cites_it(part: str) -> None:
    """One citation by a single part of any kind is enough."""
    rows = getattr(CLEAN, part) or (CITING[part],)
    cites = {part: (*rows[:-1], rows[-1].model_copy(update={"basis": (LAW, ONLY)}))}
    rules = CLEAN.model_copy(update={"bases": (*CLEAN.bases, LAW, ONLY)})
    assert "bases(only)" in places(analyse(rules), FindingKind.UNUSED)
    assert "bases(only)" not in places(analyse(rules.model_copy(update=cites)), FindingKind.UNUSED)


@pytest.mark.parametrize("part", ["clock", "materials"])
def test_a_basis_is_used_by_the_clock_or_a_material_of_a_matter(part: str) -> None:
    """Both stand inside the matter and cite bases of their own."""
    matter = CLEAN.matters[-1]
    cited = {"basis": (LAW, ONLY)}
    inner = {
        "clock": matter.clock.model_copy(update=cited),
        "materials": (matter.materials[0].model_copy(update=cited),),
    }
    matters = (*CLEAN.matters[:-1], matter.model_copy(update={part: inner[part]}))
    rules = CLEAN.model_copy(update={"bases": (*CLEAN.bases, ONLY), "matters": matters})
    assert not of(analyse(rules), FindingKind.UNUSED)
