"""What tests read of the repository itself: its files, as git has them, and its Python as syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository that are there, those not committed yet too, and none that git ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted({REPOSITORY / name for name in listed if (REPOSITORY / name).is_file()})


def named(path: Path) -> str:
    """The path as people say it: from the root of the repository."""
    return path.relative_to(REPOSITORY).as_posix()


def dotted(node: ast.expr) -> tuple[str, ...]:
    """`a.b.c` as its parts; empty for whatever does not begin with a name."""
    match node:
        case ast.Name(name):
            return (name,)
        case ast.Attribute(value, name):
            before = dotted(value)
            return (*before, name) if before else ()
        case _:
            return ()


def bound(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for, wherever in the source it is imported: `import numpy as np` binds `np` to `numpy`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                names[each.asname or each.name.partition(".")[0]] = each.name if each.asname else each.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            names |= {each.asname or each.name: f"{node.module or ''}.{each.name}" for each in node.names}
    return names


def resolved(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted name that an expression reaches, with what its first part was imported as; "" for whatever has none."""
    parts = dotted(node)
    return ".".join((names.get(parts[0], parts[0]), *parts[1:])) if parts else ""


def uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every name and chain of attributes that is read, each as long as it is."""
    names = bound(tree)
    inner: set[int] = set()
    for node in ast.walk(tree):  # from the outside in: a chain comes before its parts
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner:
            inside = node
            while isinstance(inside, ast.Attribute):
                inside = inside.value
                inner.add(id(inside))
            if isinstance(node.ctx, ast.Load) and (name := resolved(node, names)):
                yield node.lineno, name
