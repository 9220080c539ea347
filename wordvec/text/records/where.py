"""Conditions on the columns of a table: year >= 1990 and lang == "de"."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


class Condition:
    """Comparisons of columns with values, joined by and, or, not.

    Parameters
    ----------
    text : str
        Column names stand as they are, or between backticks when they are no identifiers. Values
        are numbers, strings in quotes, or lists of them in brackets after ``in``. A column is
        compared with a number as a number; a row in which it is none is left out.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> recent = Condition("year >= 1990 and `lang code` in ['de', 'tr']")
    >>> recent({"year": "2001", "lang code": "tr"})
    True
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._names: dict[str, str] = {}

        def quoted(match: re.Match[str]) -> str:
            stand_in = f"_column_{len(self._names)}"
            self._names[stand_in] = match[1]
            return stand_in

        try:
            tree = ast.parse(re.sub("`([^`]+)`", quoted, text).strip(), mode="eval").body
        except SyntaxError:
            raise self._error("is not a condition") from None
        self.columns: list[str] = []
        self._holds = self._compile(tree)

    def __call__(self, row: Mapping[str, Any]) -> bool:
        return bool(self._holds(row))

    def _error(self, what: str) -> ValueError:
        return ValueError(
            f"where {self._text!r} {what}; it compares columns with values, as in "
            "year >= 1990 and lang == 'de'"
        )

    def _compile(self, node: ast.expr) -> Callable[[Mapping[str, Any]], bool]:
        if isinstance(node, ast.BoolOp):
            parts = [self._compile(value) for value in node.values]
            if isinstance(node.op, ast.And):
                return lambda row: all(part(row) for part in parts)
            return lambda row: any(part(row) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._compile(node.operand)
            return lambda row: not inner(row)
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            steps = [
                self._comparison(left, op, right)
                for left, op, right in zip(operands[:-1], node.ops, operands[1:], strict=True)
            ]
            return lambda row: all(step(row) for step in steps)
        raise self._error("is no comparison")

    def _comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr
    ) -> Callable[[Mapping[str, Any]], bool]:
        compare = _OPERATORS.get(type(op))
        if compare is None:
            raise self._error("has an unknown comparison: use ==, !=, <, <=, >, >=, in or not in")
        if isinstance(left, ast.Name) == isinstance(right, ast.Name):
            raise self._error("must compare a column with a value")
        column = left if isinstance(left, ast.Name) else right
        assert isinstance(column, ast.Name)
        name = self._names.get(column.id, column.id)
        if name not in self.columns:
            self.columns.append(name)
        try:
            value = ast.literal_eval(right if column is left else left)
        except ValueError:
            raise self._error("must compare a column with a value") from None
        is_list = isinstance(op, ast.In | ast.NotIn)
        if is_list and not (column is left and isinstance(value, list | tuple)):
            raise self._error("must have a list in brackets after in")
        swapped = column is not left

        def holds(row: Mapping[str, Any]) -> bool:
            try:
                have = _like(row[name], value[0] if is_list and value else value)
                return bool(compare(value, have) if swapped else compare(have, value))
            except (TypeError, ValueError):
                return False

        return holds


def _like(have: Any, value: Any) -> Any:
    """What a row has, in the kind of the value that it is compared with."""
    if have is None:
        raise ValueError
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(have)
    if isinstance(value, str) and not isinstance(have, str):
        return str(have)
    return have
