"""Programs with one small fault each, made from a module: what `tests/mutants.py` runs the tests on."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_PAIRS = [("min", "max"), ("minimum", "maximum"), ("argmin", "argmax"), ("nanmin", "nanmax")]
_PAIRS += [("any", "all"), ("floor", "ceil")]
_NAMED = dict(_PAIRS) | {other: one for one, other in _PAIRS}

#: What people read, or type checkers; and decorators, which are no arithmetic.
_UNREAD_FIELDS = {"annotation", "returns", "decorator_list", "type_params", "exc", "cause"}
_UNREAD_FUNCTIONS = {"__repr__", "__str__"}

Path = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Mutant:
    """One change of a module: the statement, or the head of one, before and after."""

    file: str
    function: str  # outermost function that holds it, "" outside of functions
    first_line: int  # of that function
    lines: tuple[int, int]  # of the statement
    before: str
    after: str
    nth: int  # among those with the same text
    path: Path
    replacement: ast.AST

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What identifies it when lines move."""
        return self.file, self.function, self.before, self.after, self.nth


def mutants(source: str, file: str) -> list[Mutant]:
    """Return all mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    found: list[Mutant] = []
    seen: Counter = Counter()
    for path, replacement in _places(tree, ()):
        if not path:
            continue
        nodes = [_at(tree, path[:depth]) for depth in range(len(path) + 1)]
        depth = max(number for number, node in enumerate(nodes) if isinstance(node, ast.stmt))
        before = _head(nodes[depth])
        after = _head(_replaced(nodes[depth], path[depth:], replacement))
        name, first_line = _function(nodes[:depth])
        seen[key := (name, before, after)] += 1
        lines = _lines(nodes[depth])
        found.append(Mutant(file, name, first_line, lines, before, after, seen[key], path, replacement))
    return sorted(found, key=lambda mutant: mutant.lines)


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """Return the module with its fault."""
    return ast.fix_missing_locations(_replaced(ast.parse(source), mutant.path, mutant.replacement))


def recording(source: str, name: str) -> ast.Module:
    """Return the module with a call of ``name``, with the line, before each statement in a function."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {
        node for function in functions for node in ast.walk(function) if not isinstance(node, ast.ClassDef)
    }
    for node in inside:
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                setattr(node, field, [new for old in statements for new in (_call(name, old), old)])
    return ast.fix_missing_locations(tree)


def _call(name: str, statement: ast.stmt) -> ast.stmt:
    line = ast.Constant(statement.lineno)
    return ast.copy_location(ast.Expr(ast.Call(ast.Name(name, ast.Load()), [line], [])), statement)


def _places(node: ast.AST, path: Path) -> Iterator[tuple[Path, ast.AST]]:
    """Yield every change of what a node holds, and where."""
    for change in _changes(node):
        yield path, change
    for field, value in ast.iter_fields(node):
        if field in _UNREAD_FIELDS:
            continue
        for number, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _is_unread(child, node, field, number):
                yield from _places(child, (*path, (field, number)))


def _is_unread(child: ast.AST, parent: ast.AST, field: str, number: int | None) -> bool:
    """Tell whether something is a text, or there for type checkers."""
    if isinstance(child, ast.FunctionDef):
        return child.name in _UNREAD_FUNCTIONS or any(
            "overload" in ast.unparse(d) for d in child.decorator_list
        )
    if isinstance(child, ast.If):
        return "TYPE_CHECKING" in ast.unparse(child.test)
    if _is_assertion(child):
        return True
    is_message = isinstance(parent, ast.Call) and ast.unparse(parent.func) == "warnings.warn"
    return isinstance(child, ast.JoinedStr) or (is_message and field == "args" and number == 0)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for number, op in enumerate(node.ops):
            yield _with(node, ops=[*node.ops[:number], _COMPARED[type(op)](), *node.ops[number + 1 :]])
    elif isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)):
        if type(node.op) in _COMPUTED and not any(map(_is_text, ast.iter_child_nodes(node))):
            yield _with(node, op=_COMPUTED[type(node.op)]())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield _with(node, value=not node.value)
        elif isinstance(node.value, (int, float)):
            yield _with(node, value=node.value + 1)
    elif isinstance(node, ast.Call):
        for number, keyword in enumerate(node.keywords):
            if keyword.arg and not _is_assertion(keyword):
                yield _with(node, keywords=node.keywords[:number] + node.keywords[number + 1 :])
    elif isinstance(node, ast.Name) and node.id in _NAMED and isinstance(node.ctx, ast.Load):
        yield _with(node, id=_NAMED[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in _NAMED and isinstance(node.ctx, ast.Load):
        yield _with(node, attr=_NAMED[node.attr])
    elif isinstance(node, ast.Slice):
        for side in ("lower", "upper"):
            bound = getattr(node, side)
            if bound is not None and not isinstance(getattr(bound, "operand", bound), ast.Constant):
                yield _with(node, **{side: ast.BinOp(bound, ast.Add(), ast.Constant(1))})
    elif isinstance(node, ast.Raise) and node.exc is not None:
        yield ast.Pass()


def _is_assertion(node: ast.AST) -> bool:
    """Tell whether it is the ``strict`` of a zip, which asserts what holds anyway."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _at(node: Any, path: Path) -> ast.AST:
    for field, number in path:
        node = getattr(node, field) if number is None else getattr(node, field)[number]
    return node


def _replaced(node: Any, path: Path, replacement: ast.AST) -> Any:
    """Return a tree with another node at the path; the rest is shared."""
    if not path:
        return ast.copy_location(copy.copy(replacement), node)
    (field, number), value = path[0], getattr(node, path[0][0])
    if number is None:
        return _with(node, **{field: _replaced(value, path[1:], replacement)})
    new = _replaced(value[number], path[1:], replacement)
    return _with(node, **{field: [*value[:number], new, *value[number + 1 :]]})


def _head(statement: Any) -> str:
    """Return a statement as text; of one that holds others, what stands before them."""
    if not hasattr(statement, "body"):
        return ast.unparse(statement)
    head = copy.copy(statement)
    head.body = [ast.Pass()]
    for field in ("orelse", "finalbody", "handlers", "decorator_list"):
        if hasattr(head, field):
            setattr(head, field, [])
    return ast.unparse(head).removesuffix("\n    pass")


def _lines(statement: Any) -> tuple[int, int]:
    """Return the first and last line of a statement, without those of the statements in it."""
    body = getattr(statement, "body", None)
    last = max(statement.lineno, body[0].lineno - 1) if body else statement.end_lineno
    return statement.lineno, last


def _function(nodes: list[Any]) -> tuple[str, int]:
    """Return the qualified name and the first line, as code objects have them, of the outermost function."""
    names: list[str] = []
    for node, inner in pairwise([*nodes, None]):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.append(node.name)
        if isinstance(node, ast.FunctionDef) and (inner is None or inner in node.body):
            return ".".join(names), min(part.lineno for part in [node, *node.decorator_list])
    return "", 0
