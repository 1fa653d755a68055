"""The two walks through the system (docs/architecture.md) lead where they say: each hop is reached from one before it.

A hop is a function in a file, and the last column says by what it is reached. One of these has to be true:

* ``by `word` ``: the code of a hop before it names `word`, which is the hop's own name, or is named in the hop's function too;
* ``by `word` in `file` ``: the wiring in `file` names `word`, which is the hop's name, its class, or is named in the hop's function; in a
  file of `pipelines/`, the call that names `word` is the one that makes a hop of this class.

A hop's code is its function, with the functions of the same file that it names, and so on; comments and texts do not count.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sources import REPOSITORY

PAGE = REPOSITORY / "docs" / "architecture.md"
WALK = re.compile(r"<!-- hops -->(.*?)<!-- end -->", re.DOTALL)
ROW = re.compile(r"^\|[^|]+\| `([^`]+)` \| `(\w+)` \| (?:by `([^`]+)`(?: in `([^`]+)`)?)? ?\|$", re.MULTILINE)

HOPS = (32, 24)
"""How many hops each walk has."""

MADE_BY = {
    "read_journal": ("JournalReader", "read"),
    "read_topics": ("TopicReader", "read"),
    "python": ("PythonStageProcessor", "process"),
    "apply": ("EntryProcessorCall", "start"),
    "to_topic": ("TopicCall", "start"),
}
"""What a call in a pipeline's file makes in the member: the class, and the method that does its work."""

WORKS = {"ApplyLeverage": "apply", "BreakerRule": "apply", "GateStore": "store"}
"""The method that does the work of a class that a hop is reached by."""


class Hop(NamedTuple):
    file: str
    name: str
    word: str
    wiring: str

    @property
    def stem(self) -> str:
        return Path(self.file).stem


class Code(NamedTuple):
    """A file's functions: the words of each, by name; several may share one."""

    functions: dict[str, frozenset[str]]
    words: frozenset[str]

    def reach(self, name: str) -> frozenset[str]:
        """The words of a function and of those that it names in the same file."""
        seen: set[str] = set()
        open_names, words = [name], frozenset[str]()
        while open_names:
            each = open_names.pop()
            if each not in seen and each in self.functions:
                seen.add(each)
                words |= self.functions[each]
                open_names += sorted(self.functions[each])
        return words


@cache
def code(file: str) -> Code:
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    if file.endswith(".py"):
        return _python(text)
    return _java(text) if file.endswith(".java") else Code({}, frozenset(re.findall(r"\w+", text)))


def _python(text: str) -> Code:
    tree = ast.parse(text)
    functions: dict[str, frozenset[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions[node.name] = functions.get(node.name, frozenset()) | _words(node)
    return Code(functions, _words(tree))


def _words(tree: ast.AST) -> frozenset[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {each.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for each in node.names}
    return frozenset(names)


def _java(text: str) -> Code:
    bare = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", " ", text, flags=re.DOTALL)
    functions: dict[str, frozenset[str]] = {}
    for found in re.finditer(r"^  (?! )[\w<>?,. \[\]]*?\b(\w+)\([^;{]*\{", bare, re.MULTILINE):
        depth, at = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(bare[at], 0)
            at += 1
        functions[found[1]] = functions.get(found[1], frozenset()) | frozenset(re.findall(r"\w+", bare[found.end() : at]))
    return Code(functions, frozenset(re.findall(r"\w+", bare)))


def walks(page: str) -> list[list[Hop]]:
    """The hops of each walk; AssertionError where a row is not one."""
    found = WALK.findall(page)
    for walk in found:
        assert len(ROW.findall(walk)) == walk.strip().count("\n") - 1, "a row that is not a hop"
    return [[Hop(*row) for row in ROW.findall(walk)] for walk in found]


def fault(hop: Hop, before: list[Hop]) -> str:
    """What is wrong with a hop after those `before` it, or ""."""
    for file in filter(None, (hop.file, hop.wiring)):
        if not (REPOSITORY / file).is_file():
            return f"there is no {file}"
    if hop.name not in code(hop.file).functions:
        return f"{hop.file} has no {hop.name}"
    if not hop.word:
        return f"{hop.name} is reached by nothing" if before else ""
    if hop.wiring.startswith("pipelines/"):
        return "" if _is_made(hop) else f"{hop.wiring} makes no {hop.stem}.{hop.name} by {hop.word}"
    if hop.wiring:
        is_named = hop.word in code(hop.wiring).words
        return "" if is_named and _answers(hop) else f"{hop.wiring} does not lead to {hop.name} by {hop.word}"
    is_named = any(hop.word in code(each.file).reach(each.name) for each in before)
    return "" if is_named and _answers(hop) else f"no hop before {hop.name} leads there by {hop.word}"


def _answers(hop: Hop) -> bool:
    """Whether `word` is the hop's own: its name, the class whose work it does, or a word of the function that is no other of its file."""
    functions = code(hop.file).functions
    if hop.word == hop.stem and hop.stem in WORKS:
        return WORKS[hop.stem] == hop.name
    if hop.word in functions:
        return hop.word == hop.name
    return hop.word in functions[hop.name]


def _is_made(hop: Hop) -> bool:
    """Whether a call in a pipeline's file that has `word` among its texts makes a hop of this kind."""
    for node in ast.walk(ast.parse((REPOSITORY / hop.wiring).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MADE_BY:
            texts = [each.value for each in (*node.args, *(keyword.value for keyword in node.keywords)) if isinstance(each, ast.Constant)]
            module, _, function = hop.word.partition(":")
            if hop.word in texts and (hop.stem, hop.name) == MADE_BY[node.func.attr]:
                return True
            if hop.word in texts and function and (f"{module.replace('.', '/')}.py", "process") == (hop.file, hop.name):
                return True
    return False


def faults(page: str) -> list[str]:
    found = walks(page)
    if tuple(map(len, found)) != HOPS:
        return [f"the walks have {list(map(len, found))} hops"]
    return [wrong for walk in found for number, hop in enumerate(walk) if (wrong := fault(hop, walk[:number]))]


def test_every_hop_is_reached_from_one_before_it() -> None:
    assert faults(PAGE.read_text()) == []


ROWS = [line for walk in WALK.findall(PAGE.read_text()) for line in walk.strip().splitlines()[2:]]


def test_a_row_that_is_gone_is_missed() -> None:
    page = PAGE.read_text()
    assert len(ROWS) == sum(HOPS)
    for row in ROWS:
        assert faults(page.replace(f"{row}\n", "", 1))


def test_a_wrong_function_of_the_right_file_is_found_wherever_it_stands() -> None:
    wrong = [
        (hop._replace(name=other), walk[:number])
        for walk in walks(PAGE.read_text())
        for number, hop in enumerate(walk)
        for other in code(hop.file).functions
        if other != hop.name and number
    ]
    assert len(wrong) > 500
    assert [hop for hop, before in wrong if not fault(hop, before)] == []


@pytest.mark.parametrize(
    ("hop", "before"),
    [
        (Hop("agent/nothing.py", "deliver", "deliver", "agent/node.py"), []),
        (Hop("agent/data.py", "deliver", "deliver", "agent/nothing.py"), []),
        (Hop("agent/data.py", "nothing", "nothing", "agent/data.py"), []),
        (Hop("agent/data.py", "_follow", "MARKET_EVENTS", "src/dolphin/trading/inbox.py"), []),
        (Hop("src/dolphin/core/order_gate/admission.py", "decide", "decide", ""), [Hop("agent/data.py", "_follow", "", "")]),
        (Hop("src/dolphin/core/order_gate/admission.py", "decide", "", ""), [Hop("agent/data.py", "_follow", "", "")]),
        (Hop("jet/src/main/java/dolphin/jet/source/TopicReader.java", "read", "MARKET_EVENTS", "pipelines/ars.py"), []),
        (Hop("python_udfs/scan.py", "process", "python_udfs.features:Features", "pipelines/ars.py"), []),
    ],
)
def test_the_check_refuses(hop: Hop, before: list[Hop]) -> None:
    assert fault(hop, before)
