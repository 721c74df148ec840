"""What the parts of a rule set owe each other: every problem, with place and remedy.

Source: L-01, L-02 and 行政许可法 第十六条 (basis), R-13 (tolerance), L-16 (periods).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from approval_hook.policy.case import Role
from approval_hook.policy.messages import problem_of
from approval_hook.policy.promisetexts import text_problems
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import (
    ADVERSE_BASES,
    INCENTIVE_EFFECTS,
    PROMISE_REMINDER,
    BasisType,
    Exemption,
    GatePoint,
    LegalBasis,
    Part,
)
from approval_hook.policy.subjects import SubjectKind

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import Matter, RuleSet

#: General rules that explain outcomes; a rule set must cite each of them.
PRINCIPLES = (
    "accept-and-decide-by-conditions",
    "ask-only-with-ground",
    "clock-never-stops",
    "dispute-suspends",
    "gone-is-absent",
    "identity-by-number",
    "listed-basis-only",
    "minors-outside",
    "order-of-acceptance",
    "red-and-black",
    "related-persons-by-law",
    "tolerance-for-all",
    "underlying-decision",
)

_MESSAGES = {
    "extra_forbidden": ("是未知字段", "请删除，或按规则文件说明改正拼写"),
    "missing": ("缺少", "请补上"),
    "string_type": ("应为文字", "请加引号，避免被读成数字、日期或布尔值"),
    "int_type": ("应为整数", "请填写不带引号、不带小数点的整数"),
    "bool_type": ("应为 true 或 false", "请改正"),
    "invisible_character": ("含有不可见的字符", "请删除控制字符、零宽字符和方向符后重新输入"),
    "value_error": ("应为日期", "请按 2026-10-01 的格式填写"),
    "date_from_datetime_parsing": ("应为日期", "请按 2026-10-01 的格式填写"),
    "date_parsing": ("应为日期", "请按 2026-10-01 的格式填写"),
    "tuple_type": ("应为列表", "请逐项以“- ”开头填写，没有则写 []"),
    "too_short": ("不能为空", "请至少填写一项"),
    "enum": ("的取值不在允许范围内", "请按规则文件说明选择"),
    "literal_error": ("的取值不在允许范围内", "请按规则文件说明选择"),
    "greater_than_equal": ("小于允许的最小值", "请填写允许范围内的整数"),
    "less_than_equal": ("大于允许的最大值", "请填写允许范围内的整数"),
    "string_pattern_mismatch": (
        "的写法不符合要求",
        "代码只用字母、数字、短横线和下划线；地域写作 national、province:44、city:4401 或 agreement:协议编号",
    ),
    "string_too_short": ("不能为空", "请填写"),
    "model_type": ("应为一组字段", "请按规则文件说明填写"),
}


def structural_problems(error: ValidationError) -> list[str]:
    """Every structural problem in Chinese, with place and remedy, in file order."""
    found = []
    for item in error.errors():
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).removeprefix(".")
        wrong, remedy = _MESSAGES.get(item["type"], (f"不符合要求（{item['type']}）", "请按规则文件说明改正"))
        found.append(f"{place or '规则文件'}：{wrong}；{remedy}。")
    return found


def problems(rules: RuleSet) -> list[str]:
    """Every unsound point of a well-formed rule set; empty means sound."""
    return [
        *_duplicates(rules),
        *_principles(rules),
        *_lists(rules),
        *_periods(rules),
        *_grounds(rules),
        *_bars(rules),
        *_measures(rules),
        *_applications(rules),
        *_references(rules),
        *_routes(rules),
        *_exemptions(rules),
        *_reminders(rules),
        *_promises(rules),
        *_dates(rules),
        *(f"messages({m.code})：{problem}" for m in rules.messages if (problem := problem_of(m))),
        *(problem for matter in rules.matters for problem in _matter(rules, matter)),
    ]


def _duplicates(rules: RuleSet) -> Iterator[str]:
    ids: dict[str, list[str]] = {
        "documents": [d.id for d in rules.documents],
        "documents 的标题和版本": [f"{d.title}（{d.version}）" for d in rules.documents],
        "bases": [b.id for b in rules.bases],
        "sources": [s.name for s in rules.sources],
        "categories": [c.code for c in rules.categories],
        "agreements": [a.id for a in rules.agreements],
        "display_periods": [p.id for p in rules.display_periods],
        "display_periods 的 severity": [p.severity.value for p in rules.display_periods if p.severity],
        "editions": [e.id for e in rules.editions],
        "measure_types": [t.code for t in rules.measure_types],
        "memos": [m.code for m in rules.memos],
        "clocks": [c.id for c in rules.clocks],
        "excluded_procedures": [p.id for p in rules.excluded_procedures],
        "messages": [m.code for m in rules.messages],
        "reminders": [r.id for r in rules.reminders],
        "lapses": [x.id for x in rules.lapses],
        "promise_texts": [t.id for t in rules.promise_texts],
        "promise_texts 的 kind": [t.kind for t in rules.promise_texts],
        "promise_bars": [b.id for b in rules.promise_bars],
        "matters": [m.code for m in rules.matters],
        "applications": [f"{a.matter} / {a.measure}" for a in rules.applications],
        # One clerk-facing name space: a reason names a rule by its id alone.
        "principles、list_types、grounds、bars、measures、leniencies、good_credit_routes、exemptions": [
            *(p.id for p in rules.principles),
            *(t.code for t in rules.list_types),
            *(g.id for g in rules.grounds),
            *(b.id for b in rules.bars),
            *(m.id for m in rules.measures),
            *(i.id for i in rules.leniencies),
            *(r.id for r in rules.good_credit_routes),
            *(e.id for e in rules.exemptions),
        ],
        **{f"matters({m.code}).materials": [x.code for x in m.materials] for m in rules.matters},
        **dict(_named_lists(rules)),
    }
    for place, codes in ids.items():
        for code, count in Counter(codes).items():
            if count > 1:
                yield f"{place}：编号“{code}”出现{count}次；请改成互不相同的编号。"


def _named_lists(rules: RuleSet) -> Iterator[tuple[str, list[str]]]:
    """Lists of names in which a name has no business to stand twice: a list or an event would fire twice."""
    named: list[tuple[str, Part, tuple[str, ...]]] = [
        *((f"exemptions({e.id})", e, ("points",)) for e in rules.exemptions),
        *((f"bars({b.id})", b, ("matters", "events", "domains", "roles", "roles_then")) for b in rules.bars),
        *((f"measures({m.id})", m, ("list_types", "roles")) for m in rules.measures),
        *((f"grounds({g.id})", g, ("matters", "roles", "sources")) for g in rules.grounds),
        *(
            (f"matters({m.code})", m, ("queried_roles", "required_sources", "advisory_sources", "points"))
            for m in rules.matters
        ),
    ]
    for place, item, fields in named:
        for name in fields:
            yield f"{place}.{name}", list(getattr(item, name))


def _principles(rules: RuleSet) -> Iterator[str]:
    given = {p.id for p in rules.principles}
    for missing in sorted(set(PRINCIPLES) - given):
        yield f"principles：缺少通则“{missing}”；请补上它的标题和依据。"
    for unknown in sorted(given - set(PRINCIPLES)):
        yield f"principles：通则“{unknown}”没有任何用处；请删除或改正拼写。"


def _reminders(rules: RuleSet) -> Iterator[str]:
    clocks = {clock.id for clock in rules.clocks}
    for item in rules.reminders:
        place = f"reminders({item.id})"
        if item.id not in clocks and item.id not in ("default", PROMISE_REMINDER):
            yield f"{place}：期限“{item.id}”不在 clocks 中；请改成 clocks 中的编号，或者 default、{PROMISE_REMINDER}。"
        if 0 < item.normal_workdays < item.warning_workdays:
            yield f"{place}.warning_workdays：预警早于一般提醒；请改为不多于{item.normal_workdays}个工作日。"


def _lists(rules: RuleSet) -> Iterator[str]:
    categories = {c.code for c in rules.categories}
    periods = {p.id for p in rules.display_periods}
    for item in rules.list_types:
        place = f"list_types({item.code})"
        if item.category and item.category not in categories:
            yield f"{place}.category：类别“{item.category}”不存在；请改用 categories 中的编号，或留空。"
        if item.display not in ("severity", "source") and item.display not in periods:
            yield f"{place}.display：公示期限“{item.display}”不存在；请写 severity、source 或 display_periods 的编号。"
        if item.severity is Severity.GOOD or item.reference_only:
            continue
        if not any(b.carries_adverse for b in item.basis):
            yield (
                f"{place}.basis：没有已核实的法律、行政法规、地方性法规或中央政策文件依据，"
                "不得产生不利影响；请补充依据，或设 reference_only: true。"
            )
        elif item.scope == "national" and all(
            b.type is BasisType.LOCAL_REGULATION for b in item.basis if b.carries_adverse
        ):
            yield f"{place}.scope：只有地方性法规依据的名单不能全国适用；请改为 province:44 等地域。"
        elif not any(_within(rules, item.scope, b.scope) for b in item.basis if b.carries_adverse):
            yield f"{place}.scope：名单的地域超出其依据的适用地域；请缩小地域，或补充在该地域适用的依据。"


def _within(rules: RuleSet, scope: str, law: str) -> bool:
    """Whether a document with the scope ``law`` is law everywhere in ``scope``."""
    if law in ("national", scope):
        return True
    kind, _, name = scope.partition(":")
    if kind == "agreement":
        regions = [region for a in rules.agreements if a.id == name for region in a.regions]
    else:
        regions = [name]
    kind, _, prefix = law.partition(":")
    return kind in ("province", "city") and all(region.startswith(prefix) for region in regions)


def _periods(rules: RuleSet) -> Iterator[str]:
    given = {p.severity for p in rules.display_periods}
    for severity in Severity:
        if severity is not Severity.GOOD and severity not in given:
            yield f"display_periods：缺少“{severity.value}”的公示期限；请补上最短和最长月数。"
    for period in rules.display_periods:
        if period.severity is Severity.GOOD:
            yield "display_periods(good)：守信信息不设公示期限；请删除。"
        if period.min_months > period.max_months:
            yield f"display_periods({period.id})：最短期限长于最长期限；请核对月数。"
        if period.id in ("severity", "source"):
            yield f"display_periods({period.id})：编号 severity、source 另有含义；请改用别的编号。"


def _grounds(rules: RuleSet) -> Iterator[str]:
    matters = {m.code for m in rules.matters}
    for ground in rules.grounds:
        place = f"grounds({ground.id})"
        yield from _unknown_matters(place, ground.matters, matters)
        known = {s for m in rules.matters for s in (*m.required_sources, *m.advisory_sources)}
        for source in sorted(set(ground.sources) - known):
            yield f"{place}.sources：没有事项使用来源“{source}”；请核对来源名称。"
        if Role.AGENT in ground.roles:
            yield f"{place}.roles：代理人不是核查对象；请删除 agent。"
        allowed = ADVERSE_BASES - {BasisType.CENTRAL_POLICY}
        if SubjectKind.PERSON in ground.kinds:
            # 个人信息保护法 第三十四条 asks for a law or an administrative regulation.
            allowed = allowed - {BasisType.LOCAL_REGULATION}
        if not any(b.verified and b.type in allowed for b in ground.basis):
            yield f"{place}.basis：查询依据的层级不够或未核实；自然人须有法律或行政法规，单位至少须有地方性法规。"


def _bars(rules: RuleSet) -> Iterator[str]:
    matters = {m.code for m in rules.matters}
    for bar in rules.bars:
        place = f"bars({bar.id})"
        yield from _unknown_matters(place, bar.matters, matters)
        yield from _no_agent(place, bar.roles)
        if bar.matters:
            yield from _adverse(place, bar.basis, may_refuse=bar.may_refuse)


def _measures(rules: RuleSet) -> Iterator[str]:
    lists = {t.code: t for t in rules.list_types}
    types = {t.code: t for t in rules.measure_types}
    memos = {m.code: m for m in rules.memos}
    for measure in rules.measures:
        place = f"measures({measure.id})"
        for code in measure.list_types:
            if code not in lists:
                yield f"{place}.list_types：名单“{code}”不存在；请改用 list_types 中的编号。"
        known = types.get(measure.type)
        if known is None:
            yield f"{place}.type：措施类别“{measure.type}”不存在；请改用 measure_types 中的编号。"
        elif known.kind != measure.kind:
            yield f"{place}.type：措施类别“{measure.type}”与 kind 不一致（惩戒与激励不得混用）；请核对。"
        if measure.memo and measure.memo not in memos:
            yield f"{place}.memo：备忘录“{measure.memo}”不存在；请改用 memos 中的编号，或留空。"
        yield from _no_agent(place, measure.roles)
        if measure.kind == "incentive":
            if measure.list_types or measure.effect not in INCENTIVE_EFFECTS:
                yield f"{place}：激励措施不得限制准入，也不按名单触发；请核对 kind、effect、list_types。"
            continue
        if measure.effect in INCENTIVE_EFFECTS:
            yield f"{place}.effect：惩戒措施不能是激励；请改正。"
        if not measure.list_types:
            yield f"{place}.list_types：惩戒措施须写明对应名单；请补上。"
        if measure.effect == "of_others":
            continue
        for code in measure.list_types:
            listed = lists.get(code)
            if listed and (listed.severity is not Severity.SERIOUS or listed.reference_only):
                yield f"{place}.list_types：名单“{code}”不是有依据的严重失信名单，不得对应惩戒措施；请删除。"
        yield from _adverse(place, measure.basis, may_refuse=False)


def _applications(rules: RuleSet) -> Iterator[str]:
    matters = {m.code: m for m in rules.matters}
    measures = {m.id: m for m in rules.measures}
    for row in rules.applications:
        place = f"applications({row.matter} / {row.measure})"
        matter, measure = matters.get(row.matter), measures.get(row.measure)
        if matter is None:
            yield f"{place}.matter：事项“{row.matter}”不存在；请改用 matters 中的编号。"
        elif matter.level != row.level:
            yield f"{place}.level：事项为{matter.level}，此处写{row.level}；请改成一致。"
        if measure is None:
            yield f"{place}.measure：措施“{row.measure}”不存在；请改用 measures 中的编号。"
            continue
        if measure.kind == "incentive" or measure.effect == "of_others":
            if row.may_refuse:
                yield f"{place}.may_refuse：激励措施和其他机关的措施不能据以不予许可；请设 false。"
            continue
        if measure.effect == "limit_entry" and not row.basis:
            yield f"{place}.basis：限制准入须写明适用于本事项的依据；请补上。"
        if row.may_refuse and measure.effect != "limit_entry":
            yield f"{place}.may_refuse：只有限制准入的措施可以据以不予许可；请设 false。"
        yield from _adverse(place, row.basis, may_refuse=row.may_refuse)


def _references(rules: RuleSet) -> Iterator[str]:
    editions = {e.id for e in rules.editions}
    for kind in rules.measure_types:
        if kind.edition not in editions:
            yield f"measure_types({kind.code}).edition：清单版本“{kind.edition}”不存在；请改用 editions 中的编号。"
    agreements = {a.id for a in rules.agreements}
    scoped = [
        *((f"list_types({t.code})", t.scope) for t in rules.list_types),
        *((f"leniencies({i.id})", i.scope) for i in rules.leniencies),
    ]
    for place, scope in scoped:
        kind_of, _, name = scope.partition(":")
        if kind_of == "agreement" and name not in agreements:
            yield f"{place}.scope：互认协议“{name}”不存在；请改用 agreements 中的编号。"
    for name in sorted({s for m in rules.matters for s in (*m.required_sources, *m.advisory_sources)}):
        if name not in {s.name for s in rules.sources}:
            yield f"matters：核查来源“{name}”不在 sources 中；请补上该来源的名称。"


def _routes(rules: RuleSet) -> Iterator[str]:
    for route in rules.good_credit_routes:
        if (route.kind == "clean_years") != (route.years is not None):
            yield f"good_credit_routes({route.id}).years：只有“连续若干年无不良记录”须写年数；请核对。"


def _exemptions(rules: RuleSet) -> Iterator[str]:
    matters = {m.code for m in rules.matters}
    for exemption in rules.exemptions:
        if exemption.matter not in matters:
            yield f"exemptions({exemption.id}).matter：事项“{exemption.matter}”不存在；请改用 matters 中的编号。"


def _promises(rules: RuleSet) -> Iterator[str]:
    for text in rules.promise_texts:
        yield from text_problems(text)
    for bar in rules.promise_bars:
        place = f"promise_bars({bar.id})"
        if not any(_within(rules, bar.scope, b.scope) for b in bar.basis if b.carries_adverse):
            yield f"{place}.basis：没有在该地域适用的、已核实的法律法规依据，不得产生不利影响；请补充依据或者缩小地域。"


def _exempts_throughout(rules: RuleSet, matter: Matter, exemption: Exemption) -> bool:
    """Whether the decision of the matter is never checked while the rules are in force."""
    last = exemption.valid_to is None or (rules.valid_to is not None and rules.valid_to <= exemption.valid_to)
    return (
        exemption.founded
        and exemption.matter == matter.code
        and not exemption.region
        and GatePoint.DECISION in exemption.points
        and exemption.valid_from <= rules.valid_from
        and last
    )


def _dates(rules: RuleSet) -> Iterator[str]:
    if rules.valid_to is not None and rules.valid_to < rules.valid_from:
        yield "valid_to：早于 valid_from；请核对规则文件的有效期。"
    spans = [
        *((f"grounds({g.id})", g.valid_from, g.valid_to) for g in rules.grounds),
        *((f"exemptions({e.id})", e.valid_from, e.valid_to) for e in rules.exemptions),
        *((f"promise_bars({b.id})", b.valid_from, b.valid_to) for b in rules.promise_bars),
        *((f"measures({m.id})", m.valid_from, m.valid_to) for m in rules.measures),
        *((f"applications({a.matter} / {a.measure})", a.valid_from, a.valid_to) for a in rules.applications),
        *((f"agreements({a.id})", a.valid_from, a.valid_to) for a in rules.agreements),
        *((f"editions({e.id})", e.valid_from, e.valid_to) for e in rules.editions),
    ]
    for place, begin, end in spans:
        if end is not None and end < begin:
            yield f"{place}.valid_to：早于 valid_from；请核对有效期。"


def _matter(rules: RuleSet, matter: Matter) -> Iterator[str]:
    place = f"matters({matter.code})"
    if Role.APPLICANT not in matter.queried_roles:
        yield f"{place}.queried_roles：缺少 applicant；申请人必查。"
    yield from _no_agent(f"{place}.queried_roles", matter.queried_roles)
    if GatePoint.DECISION not in matter.points and not any(
        _exempts_throughout(rules, matter, e) for e in rules.exemptions
    ):
        yield f"{place}.points：缺少 decision；决定前必须核查，除非有已核实的豁免在全部地域和整个有效期内免除。"
    for source in sorted(set(matter.required_sources) & set(matter.advisory_sources)):
        yield f"{place}.advisory_sources：“{source}”已是必查来源；请从一处删除。"
    for days, name in ((matter.promised_days, "promised_days"), (matter.green_promised_days, "green_promised_days")):
        if days > matter.clock.days:
            yield f"{place}.{name}：承诺时限长于法定期限{matter.clock.days}日；请改短。"
    latest = _workdays(matter) - rules.supplement_buffer_days
    for material in matter.materials:
        where = f"{place}.materials({material.code})"
        if material.tolerance != "never" and material.kind != "internal":
            yield f"{where}.tolerance：法律法规要求的材料不得容缺；请设 tolerance: never，或核对 kind。"
        if material.tolerance == "everyone" and material.main:
            yield f"{where}.tolerance：主要材料不得对所有人容缺；请改为 good_credit 或 never，或改为次要材料。"
        if material.kind != "internal" and not any(b.carries_refusal for b in material.basis):
            yield f"{where}.basis：未写明已核实的法律法规依据；请补充依据，或改为 kind: internal。"
        if material.tolerance == "never" and material.supply_days(good=True):
            yield f"{where}.supplement_days：不得容缺的材料没有补交期限；请填 0。"
        if material.tolerance != "never" and material.supplement_days == 0:
            yield f"{where}.supplement_days：可以容缺的材料须写明补交期限；请填写工作日数。"
        if material.tolerance != "never" and material.supply_days(good=True) > latest:
            yield (
                f"{where}.supplement_days：补交期限晚于决定期限前{rules.supplement_buffer_days}个工作日；"
                f"请改为合计不超过{max(latest, 0)}日。"
            )


def _workdays(matter: Matter) -> int:
    """Working days that a clock surely holds: of calendar days, five in seven less a long holiday and more.

    The exact room, over every published day, is in ``approval_hook.policy.analysis``.
    """
    clock = matter.clock
    return clock.days if clock.unit == "workdays" else max(clock.days * 5 // 7 - 7 - clock.days // 60 * 2, 0)


def _adverse(place: str, basis: Sequence[LegalBasis], *, may_refuse: bool) -> Iterator[str]:
    for number, item in enumerate(basis):
        where = f"{place}.basis[{number}]（{item.document}）"
        if item.type not in ADVERSE_BASES:
            yield (
                f"{where}：类型“{item.type.value}”不能作为不利措施的依据（备忘录不是依据）；"
                "请改引法律、行政法规、地方性法规或中央政策文件。"
            )
        elif not item.verified:
            yield f"{where}：依据未核实，不得据以作出不利处理；请核对原文后设 verified: true，或停用本条。"
        elif may_refuse and not item.carries_refusal:
            yield f"{where}：政策文件不能作为不予许可的依据；请改引法律、法规，或设 may_refuse: false。"


def _no_agent(place: str, roles: Sequence[Role]) -> Iterator[str]:
    if Role.AGENT in roles:
        yield f"{place}：代理人不是核查对象；请删除 agent。"


def _unknown_matters(place: str, used: Sequence[str], known: set[str]) -> Iterator[str]:
    for code in used:
        if code not in known:
            yield f"{place}.matters：事项“{code}”不存在；请改用 matters 中的编号。"
