"""The Boolean decisions of a module, and the module rewritten so that they can be watched.

A *decision* is a whole Boolean expression: what `if`, `while`, `assert`, a ternary, a comprehension's filter or a guard of a `case` asks,
and any comparison, `not`, `and`, `or` elsewhere (what is returned or assigned decides somewhere too). Its *conditions* are the leaves of
the `and`/`or`/`not` tree; each link of a chained comparison is one, because `a < b < c` means `a < b and b < c`. A `case` pattern is a
decision of one condition: did it match, once asked. Constants are no conditions.

The rewritten module calls a probe (`recording`) around each decision and each condition; it evaluates the same things in the same order.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast

PROBE: Final = "__mcdc__"
"""The global of a rewritten module that holds the probe."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """Condition number `index` of the decision."""

    index: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; `is_truth` if it is True or False and not just any value."""

    value: bool
    is_truth: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of `item`."""

    item: "Tree"


@dataclass(frozen=True, slots=True)
class Junction:
    """`items` in order, joined by `and` or by `or`."""

    is_and: bool
    items: tuple["Tree", ...]


Tree = Leaf | Constant | Not | Junction


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: where it stands, what it asks, and of what it is made."""

    module: str
    function: str
    """Qualified name of the function around it; "" at module level."""
    line: int
    text: str
    conditions: tuple[str, ...]
    tree: Tree
    is_asked: bool
    """It stands where only its truth counts (`if` and the like), not its value."""


def instrument(module: str, source: str) -> tuple[ast.Module, list[Decision]]:
    """`source` rewritten to report to the probe, and its decisions; the index in the list is a decision's number in the probe's calls."""
    rewriter = _Rewriter(module)
    tree = rewriter.visit(ast.parse(source))
    return ast.fix_missing_locations(tree), rewriter.decisions


class _Rewriter(ast.NodeTransformer):
    def __init__(self, module: str) -> None:
        self.module = module
        self.decisions: list[Decision] = []
        self._inside: list[str] = []
        self._temporaries = 0

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._named(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._named(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._named(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        return self._asking(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._asking(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self._asking(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return self._asking(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.ifs = [self._decision(each, is_asked=True) for each in node.ifs]
        return self._rest(node, "ifs")

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        return self._decision(node, is_asked=False)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return self._decision(node, is_asked=False)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return self._decision(node, is_asked=False) if isinstance(node.op, ast.Not) else self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """Each `case` notes that it matched and that those before it did not; one that takes the rest is added if there is none."""
        numbers: list[int] = []
        cases: list[ast.match_case] = []
        for case in node.cases:
            text = f"case {ast.unparse(case.pattern)}"
            noted = [self._note(number, is_true=False) for number in numbers]
            if not _takes_the_rest(case):
                noted.append(self._note(self._number(case.pattern.lineno, text, (text,), Leaf(0), is_asked=True), is_true=True))
                numbers.append(len(self.decisions) - 1)
            if case.guard is not None:
                case.guard = self._decision(case.guard, is_asked=True)
            cases.append(ast.match_case(case.pattern, case.guard, [*noted, *self._block(case.body)]))
        if node.cases and not _takes_the_rest(node.cases[-1]):
            cases.append(ast.match_case(ast.MatchAs(), None, [self._note(number, is_true=False) for number in numbers]))
        return ast.Match(self.visit(node.subject), cases)

    def _named[N: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef](self, node: N) -> N:
        self._inside.append(node.name)
        if not isinstance(node, ast.ClassDef):
            node.args = self.visit(node.args)
        node.decorator_list = [self.visit(each) for each in node.decorator_list]
        node.body = self._block(node.body)
        self._inside.pop()
        return node

    def _block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(each) for each in body]

    def _asking(self, node: "ast.If | ast.While | ast.IfExp | ast.Assert") -> ast.AST:
        node.test = self._decision(node.test, is_asked=True)
        return self._rest(node, "test")

    def _rest(self, node: ast.AST, done: str) -> ast.AST:
        """Visits the fields of `node` other than `done`."""
        for name, value in ast.iter_fields(node):
            if name == done:
                continue
            if isinstance(value, list):
                setattr(node, name, [self.visit(each) for each in value])
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    def _number(self, line: int, text: str, conditions: tuple[str, ...], tree: Tree, *, is_asked: bool) -> int:
        self.decisions.append(Decision(self.module, ".".join(self._inside), line, text, conditions, tree, is_asked))
        return len(self.decisions) - 1

    def _decision(self, expression: ast.expr, *, is_asked: bool) -> ast.expr:
        number = self._number(expression.lineno, ast.unparse(expression), (), Constant(False, True), is_asked=is_asked)
        conditions: list[str] = []
        tree, watched = self._split(expression, number, conditions)
        known = self.decisions[number]
        self.decisions[number] = Decision(known.module, known.function, known.line, known.text, tuple(conditions), tree, is_asked)
        if isinstance(tree, Leaf):  # most are: no frame is needed
            return _call("only", *cast(ast.Call, watched).args)
        return _call("end", _call("begin", ast.Constant(number)), watched)

    def _split(self, expression: ast.expr, number: int, conditions: list[str]) -> tuple[Tree, ast.expr]:
        match expression:
            case ast.BoolOp(op=op, values=values):
                parts = [self._split(each, number, conditions) for each in values]
                return Junction(isinstance(op, ast.And), tuple(tree for tree, _ in parts)), ast.BoolOp(op, [each for _, each in parts])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                tree, watched = self._split(operand, number, conditions)
                return Not(tree), ast.UnaryOp(ast.Not(), watched)
            case ast.Compare(comparators=[_, _, *_]):
                parts = [self._leaf(each, text, number, conditions) for each, text in self._links(expression)]
                return Junction(True, tuple(tree for tree, _ in parts)), ast.BoolOp(ast.And(), [each for _, each in parts])
            case ast.Constant(value=value):
                return Constant(bool(value), isinstance(value, bool)), expression
            case _:
                return self._leaf(expression, ast.unparse(expression), number, conditions)

    def _leaf(self, expression: ast.expr, text: str, number: int, conditions: list[str]) -> tuple[Tree, ast.expr]:
        index = len(conditions)
        conditions.append(text)
        inner = cast(ast.expr, self.generic_visit(expression) if isinstance(expression, ast.Compare) else self.visit(expression))
        return Leaf(index), _call("condition", ast.Constant(number), ast.Constant(index), inner)

    def _links(self, chain: ast.Compare) -> list[tuple[ast.expr, str]]:
        """`a < f() < c` as `a < (t := f())`, `t < c`, each with its text as written."""
        links: list[tuple[ast.expr, str]] = []
        left: ast.expr = chain.left
        for (before, after), op in zip(pairwise([chain.left, *chain.comparators]), chain.ops, strict=True):
            right: ast.expr = after
            following: ast.expr = after
            if after is not chain.comparators[-1] and not isinstance(after, ast.Name | ast.Constant):
                self._temporaries += 1
                name = f"{PROBE}{self._temporaries}"
                right, following = ast.NamedExpr(ast.Name(name, ast.Store()), after), ast.Name(name, ast.Load())
            links.append((ast.Compare(left, [op], [right]), ast.unparse(ast.Compare(before, [op], [after]))))
            left = following
        return links

    def _note(self, number: int, *, is_true: bool) -> ast.stmt:
        return ast.Expr(_call("note", ast.Constant(number), ast.Constant(is_true)))


def _takes_the_rest(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None


def _call(method: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name(PROBE, ast.Load()), method, ast.Load()), list(arguments), [])
