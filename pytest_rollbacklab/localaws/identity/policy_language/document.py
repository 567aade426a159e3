"""A policy document read into statements (IAM user guide, "Grammar of the IAM JSON policy language").

Documents are read in full before anything is evaluated, so that a mistake in one statement is told and not skipped
over by a request that happens to match another. Reading is strict where a lenient guess could turn into an allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pytest_rollbacklab.localaws.identity.policy_language.conditions import Condition, read_condition
from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError
from pytest_rollbacklab.localaws.identity.policy_language.patterns import matches_action, matches_arn

__all__ = ["Policy", "Statement", "read_policy"]

_WITH_VARIABLES = "2012-10-17"
_VERSIONS = ("2008-10-17", _WITH_VARIABLES)
_ELEMENTS = frozenset(("Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement."""

    label: str
    """Its Sid, or its place: ``statement 2``."""
    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    all_but_actions: bool
    """Whether the actions were written as NotAction."""
    resources: tuple[str, ...] | None
    """None where the document belongs to the resource itself, as a role's trust policy does."""
    all_but_resources: bool
    principals: tuple[tuple[str, str], ...] | None
    """Type and value: ``("Federated", "cognito-identity.amazonaws.com")``; None in a policy of an identity."""
    conditions: tuple[Condition, ...]

    def covers(self, action: str, resource: str | None, context: Context) -> bool:
        """Tell whether the statement speaks of a request, all its conditions met.

        Args:
            resource: None where it is not known: whatever an Allow names will do, and a Deny must name everything.

        Raises:
            PolicyError: a condition's value cannot be compared.
        """
        return (
            any(matches_action(pattern, action) for pattern in self.actions) != self.all_but_actions
            and self._covers_resource(resource, context)
            and all(condition.holds(context) for condition in self.conditions)
        )

    def mentions(self, key: str) -> bool:
        """Tell whether a condition asks for a key."""
        return any(condition.key.lower() == key.lower() for condition in self.conditions)

    def names(self, kind: str, value: str) -> bool:
        """Tell whether the statement's Principal is this one, or anyone."""
        return any((named_kind in (kind, "*")) and named in (value, "*") for named_kind, named in self.principals or ())

    def _covers_resource(self, resource: str | None, context: Context) -> bool:
        if self.resources is None:
            return True
        if resource is None:
            return self.effect == "Allow" or "*" in self.resources
        return any(matches_arn(pattern, resource, context) for pattern in self.resources) != self.all_but_resources


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A policy document with the name under which it is told of."""

    name: str
    statements: tuple[Statement, ...]
    has_variables: bool


def read_policy(name: str, document: Mapping[str, Any]) -> Policy:
    """Read a policy document.

    Args:
        name: How errors and decisions call it: ``inline policy notes``, or its ARN.
        document: As GetRolePolicy returns it, parsed.

    Raises:
        PolicyError: the document is malformed, or uses what is not emulated.
    """
    try:
        version = document.get("Version", _VERSIONS[0])
        if version not in _VERSIONS:
            raise PolicyError.malformed(f"Version is {version!r}; it must be one of {', '.join(_VERSIONS)}")
        statements = document.get("Statement")
        if isinstance(statements, Mapping):
            statements = [statements]
        if not isinstance(statements, list) or not statements:
            raise PolicyError.malformed("it has no Statement")
        return Policy(
            name=name,
            statements=tuple(_statement(number, statement) for number, statement in enumerate(statements, 1)),
            has_variables=version == _WITH_VARIABLES,
        )
    except PolicyError as error:
        raise error.of_policy(name) from error


def _statement(number: int, statement: Any) -> Statement:
    label = f"statement {number}"
    if not isinstance(statement, Mapping):
        raise PolicyError.malformed(f"{label} is no object")
    unknown = sorted(set(statement) - _ELEMENTS)
    if unknown:
        raise PolicyError.unsupported(f"{', '.join(unknown)} ({label})", sorted(_ELEMENTS))
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError.malformed(f"the Effect of {label} is {effect!r}; it must be Allow or Deny")
    actions, all_but_actions = _either(statement, label, "Action", "NotAction")
    if actions is None:
        raise PolicyError.malformed(f"{label} has neither Action nor NotAction")
    resources, all_but_resources = _either(statement, label, "Resource", "NotResource")
    return Statement(
        label=statement.get("Sid") or label,
        effect="Allow" if effect == "Allow" else "Deny",
        actions=actions,
        all_but_actions=all_but_actions,
        resources=resources,
        all_but_resources=all_but_resources,
        principals=_principals(statement.get("Principal"), label),
        conditions=_conditions(statement.get("Condition", {}), label),
    )


def _either(statement: Mapping[str, Any], label: str, name: str, negation: str) -> tuple[tuple[str, ...] | None, bool]:
    if name in statement and negation in statement:
        raise PolicyError.malformed(f"{label} has both {name} and {negation}")
    if negation in statement:
        return _texts(statement[negation], f"{negation} of {label}"), True
    return (_texts(statement[name], f"{name} of {label}") if name in statement else None), False


def _principals(principal: Any, label: str) -> tuple[tuple[str, str], ...] | None:
    if principal is None:
        return None
    if principal == "*":
        return (("*", "*"),)
    if not isinstance(principal, Mapping):
        raise PolicyError.malformed(f"the Principal of {label} is neither '*' nor an object")
    return tuple(
        (kind, value) for kind, values in principal.items() for value in _texts(values, f"Principal of {label}")
    )


def _conditions(block: Any, label: str) -> tuple[Condition, ...]:
    if not isinstance(block, Mapping) or not all(isinstance(keys, Mapping) for keys in block.values()):
        raise PolicyError.malformed(f"the Condition of {label} is no object of operators, keys and values")
    return tuple(
        read_condition(operator, key, _texts(values, f"{key} of the Condition of {label}"))
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _texts(value: Any, what: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float | bool) for one in values):
        raise PolicyError.malformed(f"{what} is neither a string nor a list of strings")
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
