"""Small random rule sets, built past their validation, so that unlawful and senseless rows are among them.

Most choices are sound ones, repeated as weights, so that enough rows fire to meet, contradict and repeat each other.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from approval_hook.policy.case import Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import (
    Agreement,
    Application,
    Bar,
    BasisType,
    Edition,
    GoodCreditRoute,
    Ground,
    LegalBasis,
    Leniency,
    ListType,
    Measure,
    MeasureType,
)
from approval_hook.policy.subjects import SubjectKind
from tests.benchmarks.policy_set import policy_data

FRAME = RuleSet.parse(policy_data(0))
ROLES = (Role.APPLICANT, Role.LEGAL_REPRESENTATIVE, Role.INVESTOR)
KINDS = tuple(SubjectKind)
EVENTS, DOMAINS, LISTS = ("revoked", "fraud"), ("food", "drug"), ("one", "two", "three")


def basis(name: str, kind: BasisType, *, scope: str = "national", verified: bool = True) -> LegalBasis:
    """A basis of a type, law in a territory."""
    return LegalBasis(
        id=name,
        document="合成法",
        version=date(2024, 1, 1),
        article="第一条",
        quote="引文",
        type=kind,
        scope=scope,
        verified=verified,
    )


LAW = basis("law", BasisType.LAW)
POLICY = basis("policy", BasisType.CENTRAL_POLICY)
MEMO = basis("memo", BasisType.MEMORANDUM)
GUESS = basis("guess", BasisType.LAW, verified=False)
PROVINCE = basis("province", BasisType.LOCAL_REGULATION, scope="province:44")
CITY = basis("city", BasisType.LOCAL_REGULATION, scope="city:4403")
SHARED = basis("shared", BasisType.LOCAL_REGULATION, scope="agreement:a")
_LAWFUL = [*[(LAW,)] * 12, (LAW, POLICY), (POLICY,), (LAW, PROVINCE), (CITY,), (SHARED,)]
BASES = st.sampled_from([*_LAWFUL, (LAW, MEMO), (GUESS,), ()])

_BEGINS = st.sampled_from([*[date(2025, 1, 1)] * 24, date(2026, 4, 1), date(2026, 7, 1), date(2027, 1, 1)])
_ENDS = st.sampled_from([*[None] * 24, date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2025, 6, 30)])
_SCOPES = st.sampled_from([*["national"] * 6, "province:44", "city:4401", "agreement:a", "agreement:none"])
_FLAGS = st.booleans()


def _some(values: Any, least: int = 1, most: int | None = None) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True).map(tuple)


def _mostly(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """All of these, or some."""
    return st.one_of(st.just(values), st.just(values), _some(values))


def _part(model: Any, **fields: Any) -> st.SearchStrategy[Any]:
    """A part with these fields; titles say nothing."""
    given = {name: st.just(name) for name in model.model_fields if name.startswith("title")}
    return st.fixed_dictionaries({**given, **fields}).map(lambda data: model(**data))


def _each(names: Any, strategy: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """One part for each name."""
    return st.tuples(*(strategy(name) for name in names))


_DATES = {"valid_from": _BEGINS, "valid_to": _ENDS}
MATTERS = _each(
    ("m1", "m2"),
    lambda code: st.builds(
        lambda **changes: FRAME.matters[0].model_copy(update={"code": code, "materials": (), **changes}),
        domain=st.sampled_from(DOMAINS),
        subject_kind=st.sampled_from(KINDS),
        quota_limited=_FLAGS,
        queried_roles=st.one_of(st.just(ROLES[1:]), _some(ROLES[1:], 0)).map(lambda roles: (Role.APPLICANT, *roles)),
        required_sources=_some(("province", "own_register")),
    ),
)
LIST_TYPES = _each(
    LISTS,
    lambda code: _part(
        ListType,
        code=st.just(code),
        severity=st.sampled_from([Severity.SERIOUS] * 8 + [Severity.GENERAL, Severity.MINOR, Severity.GOOD]),
        scope=_SCOPES,
        category=st.just(""),
        display=st.sampled_from(["severity", "source"]),
        reference_only=st.sampled_from([*[False] * 8, True]),
        basis=BASES,
    ),
)
AGREEMENTS = _each(
    ("a",),
    lambda name: _part(
        Agreement, id=st.just(name), regions=_mostly(("44", "4403", "31")), basis=st.just((LAW,)), **_DATES
    ),
)


def _measure(name: str) -> st.SearchStrategy[Any]:
    sanctions = (*["limit_entry"] * 5, *["strict_review"] * 3, "key_supervision", "of_others")
    rest = {
        "id": st.just(name),
        "type": st.sampled_from([*["t1"] * 6, "t2"]),
        "memo": st.just(""),
        "organ": st.just("机关"),
        "kinds": _mostly(KINDS),
        "roles": _mostly(ROLES),
        "basis": BASES.filter(bool),
        **_DATES,
    }
    sanction = {"kind": st.just("sanction"), "effect": st.sampled_from(sanctions)}
    incentive = {"kind": st.just("incentive"), "effect": st.sampled_from(["green_channel", "longer_supplement"])}
    # A list named twice counts twice.
    named = st.lists(st.sampled_from((*LISTS, "unheard-of")), max_size=3).map(tuple)
    return st.one_of(
        _part(Measure, **sanction, **rest, list_types=named),
        _part(Measure, **sanction, **rest, list_types=_mostly(LISTS)),
        _part(Measure, **sanction, **rest, list_types=_mostly(LISTS)),
        _part(Measure, **incentive, **rest, list_types=st.just(())),
    )


APPLICATIONS = st.lists(
    _part(
        Application,
        matter=st.sampled_from([*["m1"] * 6, "m2", "m2", "m9"]),
        measure=st.sampled_from([*["x1", "x2", "x3", "x4"] * 3, "x9"]),
        level=st.just("县级"),
        force=st.sampled_from(["mandatory", "recommended"]),
        may_refuse=_FLAGS,
        basis=BASES,
        **_DATES,
    ),
    min_size=4,
    max_size=8,
).map(tuple)
BARS = _each(
    ("b1", "b2", "b3"),
    lambda name: _part(
        Bar,
        id=st.just(name),
        licence=st.just("许可"),
        matters=st.one_of(_mostly(("m1", "m2")), _some(("m1", "m2", "m9"), 0)),
        events=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=2).map(tuple),
        domains=_some((*DOMAINS, "same_licence")),
        roles=_mostly(ROLES),
        roles_then=_some(ROLES, 0),
        period_years=st.sampled_from([1, 3, None]),
        start=st.just("decision"),
        proofs=_mostly(("own_register", "platform")),
        may_refuse=_FLAGS,
        basis=BASES.filter(bool),
    ),
)
GROUNDS = _each(
    ("g1", "g2", "g3", "g4"),
    lambda name: _part(
        Ground,
        id=st.just(name),
        kinds=_some(KINDS),
        roles=_some(ROLES),
        market_only=_FLAGS,
        matters=_some(("m1", "m2", "m9"), 0),
        sources=_some(("province", "own_register", "elsewhere"), 0),
        basis=st.sampled_from(_LAWFUL),
        **_DATES,
    ),
)
LENIENCIES = _each(
    ("l1", "l2", "l3", "l4"),
    lambda name: _part(
        Leniency,
        id=st.just(name),
        kind=st.sampled_from(["minor_corrected", "first_minor", "restructured"]),
        scope=_SCOPES,
        basis=st.just((LAW,)),
    ),
)
ROUTES = _some(("red_list", "clean_years", "nothing"), 0).map(
    lambda kinds: tuple(
        GoodCreditRoute(
            id=kind,
            kind="red_list" if kind == "red_list" else "clean_years",
            years=3 if kind == "clean_years" else None,
            title=kind,
            basis=(LAW,),
        )
        for kind in kinds
    )
)
TYPES = st.sampled_from([("e1", "e2"), ("e1", "e9")]).map(
    lambda editions: tuple(
        MeasureType(code=code, title=code, edition=edition, kind="sanction", basis=(LAW,))
        for code, edition in zip(("t1", "t2"), editions, strict=True)
    )
)
EDITIONS = _each(("e1", "e2"), lambda name: _part(Edition, id=st.just(name), basis=st.just((LAW,)), **_DATES))


def rule_sets(**parts: Any) -> st.SearchStrategy[RuleSet]:
    """Rule sets with these parts drawn and nothing else in them."""
    empty = {"matters": MATTERS, "list_types": LIST_TYPES, "agreements": AGREEMENTS}
    bare = {"leniencies": (), "grounds": (), "good_credit_routes": ()}
    validity = {"valid_from": st.just(date(2026, 2, 1)), "valid_to": st.sampled_from([None, date(2026, 8, 31)])}
    drawn = st.fixed_dictionaries({**empty, **validity, **parts})
    return drawn.map(lambda update: FRAME.model_copy(update={**bare, **update}))


MEASURE_SETS = rule_sets(
    measures=_each(("x1", "x2", "x3", "x4"), _measure),
    applications=APPLICATIONS,
    good_credit_routes=ROUTES,
    measure_types=TYPES,
    editions=EDITIONS,
)
BAR_SETS = rule_sets(bars=BARS)
GROUND_SETS = rule_sets(grounds=GROUNDS)
LENIENCY_SETS = rule_sets(leniencies=LENIENCIES)
