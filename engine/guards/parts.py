"""The parts of a guard: what stands between its `and`, `or`, `not`, `if` and `else`, each a guard by itself.

It is for explaining which part holds a process up. What a part's value means for the whole is `evaluate`'s.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from engine.guards.evaluate import Guard
from engine.guards.parse import parse


def parts(guard: Guard) -> tuple[tuple[int, Guard], ...]:
    """(depth, part) of everything that the guard joins, in the order of the text, down to what joins nothing.

    Direct parts have depth 0. A guard that joins nothing is its own only part.
    """
    source = f"({guard.text}\n)"  # in brackets, as `parse` reads it
    return tuple(
        (depth, parse(text, guard.place)) for depth, text in _below(ast.parse(source, mode="eval").body, source)
    )


def sums(guard: Guard) -> tuple[Guard, ...]:
    """Each sum that the guard goes through rows for, as a guard by itself; those within another loop are left out."""
    source = f"({guard.text}\n)"
    found = _sums(ast.parse(source, mode="eval").body)
    return tuple(parse(ast.get_source_segment(source, one) or "", guard.place) for one in found)


def _sums(tree: ast.AST) -> Iterator[ast.Call]:
    if isinstance(tree, ast.Call) and any(isinstance(argument, ast.GeneratorExp) for argument in tree.args):
        if isinstance(tree.func, ast.Name) and tree.func.id == "sum":
            yield tree
        return
    for child in ast.iter_child_nodes(tree):
        yield from _sums(child)


def _below(tree: ast.expr, source: str) -> Iterator[tuple[int, str]]:
    joined = _joined(tree)
    for part in joined or [tree]:
        yield 0, ast.get_source_segment(source, part) or source
        if joined and _joined(part):
            yield from ((depth + 1, text) for depth, text in _below(part, source))


def _joined(tree: ast.expr) -> list[ast.expr]:
    if isinstance(tree, ast.BoolOp):
        return tree.values
    if isinstance(tree, ast.IfExp):
        return [tree.test, tree.body, tree.orelse]
    return [tree.operand] if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not) else []
