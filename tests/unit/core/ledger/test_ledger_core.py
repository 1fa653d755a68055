"""The core of the ledger has no clock, no chance, no files and no floating point."""

import ast
from pathlib import Path

import pytest

import dolphin.core.ledger

CORE = ("chart", "events", "position", "accounts", "chain", "verification", "explanation")
ALLOWED = {"collections", "dataclasses", "dolphin", "enum", "hashlib", "msgspec", "typing"}


@pytest.fixture(params=CORE)
def tree(request: pytest.FixtureRequest) -> ast.Module:
    return ast.parse((Path(dolphin.core.ledger.__file__).parent / f"{request.param}.py").read_text())


def test_a_core_module_imports_only_what_cannot_see_the_world(tree: ast.Module) -> None:
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in imported} <= ALLOWED
    ours = {name for name in imported if name.startswith("dolphin.") and name != "dolphin.core.ledger"}
    assert ours <= {
        "dolphin.errors",
        "dolphin.core.units",
        *(f"dolphin.core.ledger.{name}" for name in CORE),
    }


def test_a_core_module_has_no_floats_and_no_true_division(tree: ast.Module) -> None:
    assert not any(isinstance(node, ast.Constant) and isinstance(node.value, float) for node in ast.walk(tree))
    assert not any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) for node in ast.walk(tree))
