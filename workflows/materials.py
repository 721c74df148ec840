"""Materials of each matter: what must be there to accept and what may follow later.

Codes and kinds are those of the rule set in ``fixtures/rules``, so that a case and the
rules speak of the same paper.
Source: 食品安全法 第三十五条；网络预约出租汽车经营服务管理暂行办法 第十四条、第十五条；
《广东省优化营商环境条例》第三十二条（主要材料、次要材料）.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from workflows.models import LicenceCase


class Kind(StrEnum):
    """How badly a material is needed."""

    STATUTORY = "statutory"  # law or regulation requires it; never tolerated missing
    MAIN = "main"  # 主要材料; not on the tolerance list
    SECONDARY = "secondary"  # 次要材料; may follow against a written promise


KIND_TITLES = {Kind.STATUTORY: _("法定"), Kind.MAIN: _("主要"), Kind.SECONDARY: _("次要 · 可容缺")}


@dataclass(frozen=True, slots=True)
class Material:
    """One paper of an application."""

    code: str
    title: str | Promise
    kind: Kind

    @property
    def required(self) -> bool:
        """Whether nothing is accepted without it."""
        return self.kind is not Kind.SECONDARY

    @property
    def kind_title(self) -> str | Promise:
        """The kind in the reader's language."""
        return KIND_TITLES[self.kind]


FOOD = (
    Material("application-form", _("食品经营许可申请书"), Kind.STATUTORY),
    Material("premises-layout", _("经营场所方位图与布局图"), Kind.STATUTORY),
    Material("equipment-list", _("经营设备设施清单"), Kind.STATUTORY),
    Material("operation-flow", _("操作流程文件"), Kind.STATUTORY),
    Material("safety-rules", _("食品安全规章制度"), Kind.STATUTORY),
    Material("safety-officer-proof", _("食品安全管理人员证明"), Kind.STATUTORY),
    Material("business-licence-copy", _("主体资格证明（营业执照复印件）"), Kind.SECONDARY),
    Material("representative-id-copy", _("法定代表人（负责人）身份证明复印件"), Kind.SECONDARY),
    Material("service-address", _("送达地址确认书"), Kind.SECONDARY),
)

DRIVER = (
    Material("application-form", _("网络预约出租汽车驾驶员证申请表"), Kind.STATUTORY),
    Material("driving-licence", _("机动车驾驶证"), Kind.MAIN),
    Material("exam-result", _("从业资格考试合格证明"), Kind.MAIN),
    Material("photo", _("近期免冠照片"), Kind.SECONDARY),
    Material("residence-proof", _("本地居住证明"), Kind.SECONDARY),
)


#: By matter.
CATALOGUES = {"food-business": FOOD, "ride-hailing-driver": DRIVER}


def catalogue_of(case: LicenceCase) -> tuple[Material, ...]:
    """Materials of the case's matter."""
    return CATALOGUES[case.matter]


def titles_of(case: LicenceCase) -> dict[str, str]:
    """Their titles in the reader's language, by code."""
    return {material.code: str(material.title) for material in catalogue_of(case)}


def missing(catalogue: tuple[Material, ...], handed_in: list[str]) -> list[Material]:
    """Papers of the catalogue that are not among the codes handed in."""
    return [material for material in catalogue if material.code not in handed_in]
