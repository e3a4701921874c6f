"""Every rule of every gate as data: looked up by contract and id, tuned by a ward's year.

Belongs here: the catalogue, its tuning, and what is refused in a tuning.  Does not belong here: how a rule is
checked, or what a gate does about it (`kansho.quality.gate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from kansho.campaign.config import CampaignConfig, RuleTuning
from kansho.contracts.registry import REGISTRY
from kansho.errors import KanshoError
from kansho.quality.column_texts import column_rules
from kansho.quality.definitions import RuleDef
from kansho.quality.drift import profiled_columns
from kansho.quality.listed_rules import DRIFT, LISTED, SETTLED_ELSEWHERE, drift_rules, listed_rules

__all__ = ["RuleDef", "catalogue", "check_tuning", "kinds", "rule", "rule_ids", "rules_of"]


def kinds() -> tuple[str, ...]:
    """Contracts that have a gate, in the registry's order."""
    return tuple(kind for kind in REGISTRY if kind in LISTED)


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, RuleDef]]:
    """Contract → rule id → rule, as they are without any tuning."""
    return MappingProxyType({kind: MappingProxyType(_made(kind)) for kind in kinds()})


def rules_of(kind: str, config: CampaignConfig | None = None) -> Mapping[str, RuleDef]:
    """The rules of one contract in the order in which they are checked, as this ward and year tuned them.

    Raises:
        KanshoError: ``RULE-UNKNOWN`` for a contract without a gate.
    """
    found = catalogue().get(kind)
    if found is None:
        raise KanshoError(
            "RULE-UNKNOWN", "検証規則のないファイル種別です", place=kind, remedy="quality/listed_rules.py"
        )
    if config is None or kind in SETTLED_ELSEWHERE:
        return found
    gate = config.gate(kind)
    tuned = {tuning.rule: tuning for tuning in config.rules}
    out: dict[str, RuleDef] = {}
    for rule_id, definition in found.items():
        made = replace(definition, owner=gate.owner) if gate else definition
        # What is said for one contract goes before what is said for every contract.
        out[rule_id] = _tuned(made, tuned.get(f"{kind}/{rule_id}") or tuned.get(rule_id))
    return out


def rule(kind: str, rule_id: str, config: CampaignConfig | None = None) -> RuleDef:
    """One rule of one contract, as this ward and year tuned it.

    Raises:
        KanshoError: ``RULE-UNKNOWN``.
    """
    found = rules_of(kind, config).get(rule_id)
    if found is None:
        raise _unknown(f"{kind}/{rule_id}")
    return found


def rule_ids(kind: str, *, of_rows: bool, derived: bool = True) -> tuple[str, ...]:
    """Ids of a contract's rules that mark rows, or that doubt the table; without those derived from its columns."""
    return tuple(r.id for r in catalogue()[kind].values() if r.of_rows is of_rows and (derived or r.kind != "column"))


def check_tuning(config: CampaignConfig) -> None:
    """Refuse a campaign whose tuning names no rule, or wants what a rule does not allow; asked at the opening.

    A tuning names a rule (``phone.valid``, in every contract that has it) or one of a contract
    (``target_list/phone.valid``).

    Raises:
        KanshoError: ``RULE-UNKNOWN``; ``RULE-SEVERITY`` naming the rule and the severities it allows; ``RULE-FIXED``
            for a rule of results that a room settles by itself.
    """
    for tuning in config.rules:
        named = _named(tuning.rule)
        if not named:
            raise _unknown(tuning.rule)
        tunable = [definition for definition in named if definition.contract not in SETTLED_ELSEWHERE]
        if not tunable:
            raise KanshoError(
                "RULE-FIXED",
                "調整できない規則です（結果を受け入れる段階が決めています）",
                place=f"rules.{tuning.rule}",
                remedy="設定 rules から除いてください",
            )
        for definition in tunable:
            if tuning.severity is not None and tuning.severity not in definition.allowed:
                raise KanshoError(
                    "RULE-SEVERITY",
                    f"この規則には選べない重さです（選べるもの {' '.join(definition.allowed)}）",
                    place=f"rules.{definition.contract}/{definition.id}",
                    remedy="設定 rules の severity を直してください",
                )


def _named(name: str) -> list[RuleDef]:
    kind, _, rule_id = name.rpartition("/")
    found = [catalogue().get(kind, {})] if kind else list(catalogue().values())
    return [rules[rule_id] for rules in found if rule_id in rules]


def _tuned(definition: RuleDef, tuning: RuleTuning | None) -> RuleDef:
    if tuning is None:
        return definition
    return replace(
        definition,
        severity=definition.severity if tuning.severity is None else tuning.severity,
        threshold=definition.threshold if tuning.threshold is None else tuning.threshold,
        owner=definition.owner if tuning.owner is None else tuning.owner,
    )


def _made(kind: str) -> dict[str, RuleDef]:
    contract = REGISTRY[kind]
    columns = [(name, contract.column(name).header) for name in profiled_columns(contract)] if kind in DRIFT else []
    made = (*column_rules(contract), *listed_rules(kind), *drift_rules(kind, columns))
    found = {r.id: r for r in made}
    if len(found) != len(made):
        raise KanshoError("RULE-TWICE", "同じ番号の規則が二つあります", place=kind, remedy="quality/listed_rules.py")
    return found


def _unknown(name: str) -> KanshoError:
    return KanshoError(
        "RULE-UNKNOWN",
        "検証規則の一覧にない規則です",
        place=name[:100],
        remedy="docs/reference/rules.md の規則から選んでください",
    )
