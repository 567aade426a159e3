"""The language of metric math: an expression becomes a tree.

Follows "Metric math syntax and functions" of the CloudWatch user guide: arithmetic, comparisons, ``AND`` and ``OR``
(also ``&&`` and ``||``), parentheses, arrays in brackets, calls, ids, numbers and strings. What the functions do is
``functions``' business; it only knows their names, so that another one is refused before anything is computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.metrics.faults import validation_error
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["FUNCTIONS", "Array", "Binary", "FunctionCall", "Id", "Node", "Number", "Text", "ids_in", "parse"]

FUNCTIONS = frozenset(
    (
        *("ABS", "AVG", "CEIL", "DATAPOINT_COUNT", "DIFF", "FILL", "FLOOR", "IF", "MAX", "METRICS", "MIN", "PERIOD"),
        *("RATE", "RUNNING_SUM", "SUM", "TIME_SERIES"),
    )
)
_OTHER_FUNCTIONS = frozenset(
    (
        *("ANOMALY_DETECTION_BAND", "DATE", "DAY", "DB_PERF_INSIGHTS", "DIFF_TIME", "EPOCH", "FIRST", "HOUR", "LAMBDA"),
        *("INSIGHT_RULE_METRIC", "LAST", "LOG", "LOG10", "METRIC_COUNT", "MINUTE", "MONTH", "REMOVE_EMPTY", "SEARCH"),
        *("SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "YEAR"),
    )
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^(),\[\]<>]))""",
    re.VERBOSE,
)
_LEVELS: tuple[dict[str, str], ...] = (
    {"OR": "OR", "||": "OR"},
    {"AND": "AND", "&&": "AND"},
    {sign: sign for sign in ("==", "!=", "<=", ">=", "<", ">")},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/"},
)
"""Operators from the loosest to the tightest; a power binds tighter still."""
_MAX_LENGTH = 2048
_MAX_DEPTH = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Id:
    """Another query of the same request, or FILL's ``REPEAT`` and ``LINEAR``."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Array:
    members: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Binary:
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionCall:
    function: str
    arguments: tuple[Node, ...]


Node = Number | Text | Id | Array | Binary | FunctionCall


def parse(expression: str, identity: str) -> Node:
    """Return an expression as a tree.

    Args:
        identity: The query's id, to say where it stands.

    Raises:
        ServiceError: ValidationError where it does not parse; NotImplemented for a function that is not emulated.
    """
    if re.match(r"\s*SELECT\s", expression, re.IGNORECASE):
        raise not_emulated(f"the Metrics Insights query of {identity!r}", "Ask for the metrics with MetricStat.")
    if len(expression) > _MAX_LENGTH:
        raise validation_error(f"The expression of '{identity}' is longer than {_MAX_LENGTH} characters.")
    reader = _Reader(expression, identity)
    node = reader.expression()
    if not reader.done:
        raise reader.fault()
    return node


def ids_in(node: Node) -> set[str]:
    """Return the ids that an expression names."""
    match node:
        case Id(name=name):
            return {name}
        case Array(members=members) | FunctionCall(arguments=members):
            return set().union(*(ids_in(member) for member in members))
        case Binary(left=left, right=right):
            return ids_in(left) | ids_in(right)
    return set()


class _Reader:
    """An expression being read from left to right."""

    def __init__(self, text: str, identity: str) -> None:
        self._text = text
        self._identity = identity
        self._tokens = self._split()
        self._position = 0
        self._depth = 0

    @property
    def done(self) -> bool:
        return self._position == len(self._tokens)

    def expression(self, level: int = 0) -> Node:
        if level == len(_LEVELS):
            return self._power()
        node = self.expression(level + 1)
        while (sign := _LEVELS[level].get(self._peek())) is not None:
            self._position += 1
            node = Binary(sign=sign, left=node, right=self.expression(level + 1))
        return node

    def fault(self) -> Exception:
        found = f"at '{self._peek()}'" if not self.done else "at its end"
        return validation_error(f"Error in expression '{self._identity}': it does not parse {found}: {self._text}")

    def _split(self) -> list[tuple[str, str]]:
        tokens, position, text = [], 0, self._text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise validation_error(
                    f"Error in expression '{self._identity}': unexpected character"
                    f" '{text[position:].lstrip()[:1]}': {self._text}"
                )
            tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            position = found.end()
        return tokens

    def _peek(self) -> str:
        return "" if self.done else self._tokens[self._position][1]

    def _power(self) -> Node:
        if self._peek() == "-":
            self._position += 1
            return Binary(sign="-", left=Number(value=0.0), right=self._power())
        node = self._one()
        if self._peek() == "^":
            self._position += 1
            node = Binary(sign="^", left=node, right=self._power())
        return node

    def _one(self) -> Node:
        self._depth += 1
        if self.done or self._depth > _MAX_DEPTH:
            raise self.fault()
        try:
            return self._read_one()
        finally:
            self._depth -= 1

    def _read_one(self) -> Node:
        kind, text = self._tokens[self._position]
        self._position += 1
        match kind, text:
            case "number", _:
                return Number(value=float(text))
            case "text", _:
                return Text(value=text[1:-1])
            case "sign", "(":
                node = self.expression()
                self._take(")")
                return node
            case "sign", "[":
                return Array(members=self._listed("]"))
            case "word", _ if self._peek() == "(":
                return self._call(text)
            case "word", _ if text not in ("AND", "OR"):
                return Id(name=text)
        self._position -= 1
        raise self.fault()

    def _call(self, function: str) -> Node:
        if function in _OTHER_FUNCTIONS:
            raise not_emulated(
                f"the function {function} of metric math (in {self._identity!r})",
                f"Use {', '.join(sorted(FUNCTIONS))}.",
            )
        if function not in FUNCTIONS:
            raise validation_error(f"Error in expression '{self._identity}': there is no function '{function}'.")
        self._take("(")
        return FunctionCall(function=function, arguments=self._listed(")"))

    def _listed(self, closing: str) -> tuple[Node, ...]:
        members: list[Node] = []
        while self._peek() != closing:
            if members:
                self._take(",")
            members.append(self.expression())
        self._take(closing)
        return tuple(members)

    def _take(self, sign: str) -> None:
        if self._peek() != sign:
            raise self.fault()
        self._position += 1
