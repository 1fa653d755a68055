"""What linters do not see: dead names, names and facts that stand twice, modules without a docstring, options spelled twice, retired words.

Each check is a function of sources, so that a test below it shows what it finds.
"""

import ast
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from dolphin.core.contract import names
from tests.sources import REPOSITORY, bound, named, resolved, tracked

PRODUCT = ("src", "agent", "python_udfs", "pipelines")
LONGEST_MODULE = 420
"""Lines; a longer one has more than one reason to exist."""


def python(*folders: str) -> dict[str, str]:
    """The text of every Python file in these folders, by its path."""
    found = {named(path): path.read_text(encoding="utf-8") for path in tracked("*.py") if named(path).partition("/")[0] in folders}
    assert {place.partition("/")[0] for place in found} == set(folders), "a folder without Python says nothing"
    return found


def test_no_committed_file_names_a_package_registry() -> None:
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("repo1", "maven", "org"), ("npmjs", "org"))]
    files = tracked()
    assert len(files) > 400
    for path in files:
        text = path.read_text(errors="ignore")
        assert not any(host in text for host in hosts), f"{named(path)} names a registry host"


# dead names


def texts_that_speak(tree: ast.AST) -> set[int]:
    """Docstrings and the strings beside constants, by identity: they say something, and use nothing."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
    return {id(each.value) for body in bodies for each in body if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)}


def used_in(source: str) -> Iterator[str]:
    """Names that a source reads, and the words of its texts (`getattr`, names of functions in pipelines); an import alone uses nothing."""
    tree = ast.parse(source)
    speaking = texts_that_speak(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Load()) | ast.Attribute(attr=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.MatchClass(kwd_attrs=attributes):
                yield from attributes
            case ast.Constant(str(text)) if id(node) not in speaking:
                yield from re.findall(r"\w+", text)
            case _:
                pass


class Defined(NamedTuple):
    """A name, and the class it is a method of."""

    name: str
    of: str = ""

    def __str__(self) -> str:
        return f"{self.of}.{self.name}" if self.of else self.name


def defined_in(source: str, ours: frozenset[str]) -> Iterator[Defined]:
    """What a module defines: names at its top level but for what a decorator takes, and methods but for those that a foreign base calls."""
    tree = ast.parse(source)
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not node.decorator_list:
                yield Defined(node.name)
            case ast.TypeAlias(ast.Name(name)) | ast.AnnAssign(ast.Name(name)):
                yield Defined(name)
            case ast.Assign(targets):
                yield from (Defined(each.id) for each in targets if isinstance(each, ast.Name))
            case _:
                pass
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and all(_base(each) in ours for each in node.bases):
            yield from (Defined(each.name, node.name) for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def _base(node: ast.expr) -> str:
    return ast.unparse(node).partition("[")[0].rpartition(".")[2]


NEUTRAL = frozenset({"NamedTuple", "Struct", "StrEnum", "IntEnum", "Enum", "Protocol", "Exception", "Strict"})
"""Bases that call no method by its name."""


def foreign_classes(sources: Iterable[str]) -> frozenset[str]:
    """Classes that have a base of another library somewhere above them."""
    bases = {
        node.name: {_base(each) for each in node.bases}
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }
    foreign: set[str] = set()
    is_foreign = lambda name: name in foreign or name not in bases.keys() | NEUTRAL  # noqa: E731
    while more := {name for name, above in bases.items() if any(map(is_foreign, above))} - foreign:
        foreign |= more
    return frozenset(foreign)


def dead(product: Mapping[str, str], users: Mapping[str, str], excused: Mapping[str, frozenset[str]]) -> list[str]:
    """What of `product` none of `users` uses; `excused`: by the beginning of a path, names that may be used elsewhere."""
    used = Counter(word for source in users.values() for word in used_in(source))
    classes = {node.name for source in product.values() for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}
    ours = frozenset(classes | NEUTRAL) - foreign_classes(product.values())
    return [
        f"{place}: {each}"
        for place, source in product.items()
        for each in defined_in(source, ours)
        if not used[each.name]
        and not each.name.startswith(("__", "pytest_"))
        and not any(place.startswith(beginning) and each.name in known for beginning, known in excused.items())
    ]


def test_every_name_and_every_method_is_used_by_somebody() -> None:
    """By the product, the benchmarks or the docs; what assures and what stands in for the exchange may be used by the tests alone."""
    in_tests = frozenset(word for source in python("tests").values() for word in used_in(source))
    excused = {"src/dolphin/assurance/": in_tests, "src/dolphin/simulation/": in_tests}
    assert dead(python(*PRODUCT), python(*PRODUCT, "bench", "docs"), excused) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def lost() -> None: ...", ["lost"]),
        ("def _lost() -> None: ...", ["_lost"]),
        ("class Lost: ...", ["Lost"]),
        ("LOST = 1", ["LOST"]),
        ("LOST: int = 1\n'''LOST is said, not used.'''", ["LOST"]),
        ("type Lost = int", ["Lost"]),
        ("Lost = int | str", ["Lost"]),
        ("from x import lost\nlost = 1", ["lost"]),
        ("class A:\n    def lost(self) -> None: ...\nA", ["A.lost"]),
        ("class A:\n    @property\n    def lost(self) -> int: ...\nA", ["A.lost"]),
        ("class A(NamedTuple):\n    def lost(self) -> int: ...\nA", ["A.lost"]),
        ("class A(Base): ...\nclass B(A):\n    def called_by_base(self) -> None: ...\nB", []),
        ("class A:\n    def found(self) -> None: ...\nA().found()", []),
        ("def found() -> None: ...\ngetattr(module, 'found')", []),
        ("@app.command()\ndef found() -> None: ...", []),
    ],
)
def test_dead_names_are_found(source: str, found: list[str]) -> None:
    assert dead({"a.py": source}, {"a.py": source}, {}) == [f"a.py: {each}" for each in found]


# what stands twice


def test_no_two_classes_of_the_core_share_a_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for place, source in python("src").items():
        if place.startswith("src/dolphin/core/"):
            for node in ast.parse(source).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(place)
    assert len(places) > 100
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def said_twice(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Constants and type aliases that two modules spell alike: the same name (but for a leading `_`) for the same thing."""
    places: dict[str, set[str]] = defaultdict(set)
    for place, source in sources.items():
        for node in ast.parse(source).body:
            match node:
                case ast.TypeAlias(ast.Name(name)) | ast.Assign([ast.Name(name)]) | ast.AnnAssign(ast.Name(name)) if node.value is not None:
                    if name[:2].strip("_")[:1].isupper():
                        places[f"{name.lstrip('_')} = {ast.unparse(node.value)}"].add(place)
                case _:
                    pass
    return {fact: sorted(found) for fact, found in places.items() if len(found) > 1}


BY_CHANCE = {
    "PR_SET_PDEATHSIG = 1",  # Linux's; the guardian imports nothing that costs time
    "LIBC = ctypes.CDLL(None, use_errno=True)",
    "POLL_S = 0.05",  # two waits for two things
}
"""What two modules may spell alike: it is no fact of ours, or two."""


def test_a_fact_stands_in_one_place() -> None:
    found = said_twice(python(*PRODUCT))
    assert {fact: places for fact, places in found.items() if fact not in BY_CHANCE} == {}
    assert found.keys() >= BY_CHANCE


def test_a_fact_that_stands_twice_is_found() -> None:
    sources = {
        "a.py": "SECOND_NS: Final = 1_000_000_000\ntype Line = dict[str, Any]\nOTHER = 1",
        "b.py": "_SECOND_NS = 1000000000\nLine = dict[str, Any]\nOTHER = 2",
    }
    assert said_twice(sources) == {"SECOND_NS = 1000000000": ["a.py", "b.py"], "Line = dict[str, Any]": ["a.py", "b.py"]}


FACTS = {
    value
    for name, value in vars(names).items()
    if name.isupper() and isinstance(value, str) and ("://" in value or value in ("paper", names.DOLPHIN_PROGRESS, names.MARKET_EVENTS))
}
"""Of the contract: what nobody else spells. (Pipelines write maps and topics out for their readers, and a test holds them to the names.)"""


def spelled(source: str, facts: Iterable[str]) -> set[str]:
    """Which of `facts` stand in a text of `source` that is not a docstring."""
    tree = ast.parse(source)
    speaking = texts_that_speak(tree)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in speaking}
    return {fact for fact in facts if fact in texts}


def test_an_address_or_a_default_of_the_contract_is_spelled_there_alone() -> None:
    assert len(FACTS) >= 5
    allowed = {"src/dolphin/core/contract/names.py": FACTS, "pipelines/ars.py": {names.MARKET_EVENTS}}
    found = {place: spelled(source, FACTS) - set(allowed.get(place, ())) for place, source in python(*PRODUCT).items()}
    assert {place: facts for place, facts in found.items() if facts} == {}
    assert spelled("'''paper'''\nsetting('account', 'paper')", {"paper"}) == {"paper"}


def test_a_room_gives_out_only_what_is_its_own() -> None:
    """So that a name has one address: what a package lists in `__all__` is defined in the package."""
    lists = 0
    for place, source in python(*PRODUCT).items():
        package = ".".join(Path(place).with_suffix("").parts).removeprefix("src.").removesuffix(".__init__")
        tree = ast.parse(source)
        listed = [node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
        if place.endswith("__init__.py") and listed:
            lists += 1
            stands_for = bound(tree)
            strangers = [name for name in ast.literal_eval(listed[0]) if not stands_for.get(name, package).startswith(package)]
            assert not strangers, f"{place} gives out {strangers} of others"
    assert lists >= 3


def test_no_two_test_files_share_a_name() -> None:
    """pytest imports them by it, and stops where two have the same."""
    files = Counter(Path(place).name for place in python("tests") if Path(place).name.startswith("test_"))
    assert len(files) > 100
    assert [name for name, count in files.items() if count > 1] == []


# modules and options


@pytest.mark.parametrize("folder", [*PRODUCT, "bench", "tests"])
def test_a_module_has_a_docstring_and_is_not_too_long(folder: str) -> None:
    for place, text in python(folder).items():
        assert ast.get_docstring(ast.parse(text)), f"{place} does not say what it is"
        assert text.count("\n") <= (LONGEST_MODULE if folder != "tests" else 2 * LONGEST_MODULE), f"{place} is too long"


CLOCKS = frozenset({"time.sleep", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"})


def clocks(source: str) -> set[str]:
    """The wall clocks that a source calls, by whatever name it has imported them."""
    tree = ast.parse(source)
    imported = bound(tree)
    return {name for node in ast.walk(tree) if isinstance(node, ast.Call) and (name := resolved(node.func, imported)) in CLOCKS}


def test_no_unit_test_waits_for_the_wall_clock() -> None:
    """Async ones run on a loop whose clock jumps (conftest.py); others must not wait at all."""
    sources = {place: source for place, source in python("tests").items() if place.startswith("tests/unit/")}
    assert len(sources) > 100
    assert {place: found for place, source in sources.items() if (found := clocks(source))} == {}


@pytest.mark.parametrize(
    "source", ["import time\ntime.sleep(1)", "from time import sleep\nsleep(1)", "from time import sleep as nap\nnap(1)"]
)
def test_a_wait_is_found_by_whatever_name(source: str) -> None:
    assert clocks(source) == {"time.sleep"}


def options(source: str) -> list[str]:
    """The options that a source spells, once for each time; one that is not spelled where it is made is `?`."""
    tree = ast.parse(source)
    imported = bound(tree)
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and resolved(node.func, imported) == "typer.Option"]
    return [
        each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else "?"
        for node in made
        for each in (*node.args, *(keyword.value for keyword in node.keywords if keyword.arg in ("param_decls", None)))
    ]


def test_an_option_is_spelled_in_one_place() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for place, source in python("src").items():
        for option in options(source):
            places[option].append(place)
    assert len(places) > 30
    assert {option: found for option, found in places.items() if len(found) > 1 or option == "?"} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import typer\ntyper.Option('--a')\ntyper.Option('--a', '-b')", ["--a", "--a", "-b"]),
        ("from typer import Option\nOption('--a')", ["--a"]),
        ("from typer import Option as O\nO('--a')", ["--a"]),
        ("import typer\nfrom names import A\ntyper.Option(A)", ["?"]),
        ("import typer\ntyper.Option(*names)", ["?"]),
    ],
)
def test_an_option_is_found_however_it_is_made(source: str, found: list[str]) -> None:
    assert options(source) == found


# retired words

HISTORY = ("CHANGELOG.md", "docs/decisions", "tests/unit/test_tidy.py")


class Retired(NamedTuple):
    """A word that means something else now, or nothing."""

    spelled: str
    """A regular expression."""
    instead: str
    examples: tuple[str, ...]
    """What it finds."""
    within: tuple[str, ...] = (".",)
    """Where it is retired; elsewhere it may mean another thing."""


RETIRED = {
    "acb": Retired(r"AcbVotes|udfs[./]acb\b|control[./]acb\b", "breaker", ("python_udfs.acb", "control/acb.py")),
    "book, for what is held and working, and for what the ledger adds up to": Retired(
        r"(?<!order )(?<!order-)\bbook\b(?!_)|\b_book\b|\bbook_of\b",
        "exposure, accounts",
        ("book: Exposure", "A book is the fold", "worker[w].book", "self._book.plan", "the gate's book"),
        (
            *("src/dolphin/core/order_gate", "src/dolphin/core/ledger", "src/dolphin/storage", "src/dolphin/cli/ledger.py", "formal/tla"),
            *("agent", "bench/agent_rig", "tests/unit/core/order_gate", "tests/unit/core/ledger", "tests/property/test_ledger.py"),
            *("tests/property/test_order_gate.py", "docs/ledger.md"),
        ),
    ),
    "gate, for what admits an order": Retired(
        r"src/dolphin/gate\b|dolphin\.gate\b|gated\.py|agent\.gated|[Gg]ated ?(?:client|Sandbox)|busy book",
        "order gate, execution client",
        ("src/dolphin/gate/table.py", "agent.gated", "GatedSandbox"),
    ),
    "the gate, where only the order gate is": Retired(
        r"\b[Tt]he gate(?:'s)?\b",
        "the order gate",
        ("The gate's answer", "behind the gate.", "holds up the gate", "because the gate, which"),
        (
            *("src/dolphin/core/order_gate", "src/dolphin/core/placing", "src/dolphin/core/ledger", "src/dolphin/trading", "agent"),
            *("bench/agent_rig", "bench/gate.py", "tests/unit/core/order_gate", "tests/unit/core/ledger", "tests/unit/trading"),
            *("tests/integration/agent", "tests/property/test_order_gate.py", "docs/agent.md", "docs/ledger.md"),
        ),
    ),
    "gate, for a threshold": Retired(r"[Ss]chmitt.gate|[Pp]osture gates|gates? of R\b", "threshold", ("Schmitt gates", "the gates of R")),
    "gate, for what CI runs": Retired(r"ordinary gate|The gate: exactly", "check", ("the ordinary gate",)),
    "leverage.py": Retired(
        r"control/leverage\.py|control\.leverage\b|dolphin[./]jet[./]leverage\b",
        "command; the package gates",
        ("dolphin.jet.leverage.BreakerRule", "control/leverage.py"),
    ),
    "entry.py": Retired(
        r"control/entry\.py|posture_entry|`entry\.\w+`", "gate entry, posture gate", ("`entry.operation`", "posture_entry")
    ),
    "venue.py": Retired(r"agent/venue|agent\.venue|feeds/instruments|as venue\b", "instruments", ("agent/venue.py",)),
    "operator_desk": Retired(r"operator_desk|operator desk", "operator.site", ("operator_desk.py",)),
    "--deterministic": Retired(r"--deterministic|is_deterministic|DETERMINISTIC", "lockstep, --speed max", ("demo --deterministic",)),
    "generator, for the synthetic market": Retired(
        r"\[generator\]|\"generator\"|generator\.minutes", "synthetic", ("[generator]", "generator.minutes")
    ),
    "DolphinSerializers": Retired(r"DolphinSerializers", "a factory per package", ("DolphinSerializers.java",)),
    "LiveConfig, TraceTerm, RankedBasketConfig": Retired(
        r"\b(?:LiveConfig|TraceTerm|RankedBasketConfig)\b", "config.Live, steps.Term, BasketTerms", ("LiveConfig(", "RankedBasketConfig")
    ),
    "rooms that have moved": Retired(
        r"\bdolphin[./](?:market|control|signals|sizing|arrow|ledger|ops)\b(?!/)",
        "dolphin.core, dolphin.storage, dolphin.operator",
        ("dolphin.control.law", "dolphin/ops"),
    ),
    "what was removed": Retired(r"near_caches|RECONNECT_TIMEOUT_S|encode_batch|parse_cause_id", "", ("near_caches", "encode_batch")),
}


@pytest.mark.parametrize("name", RETIRED)
def test_no_retired_word_is_used(name: str) -> None:
    """Outside history: the changelog, the decision records, and this table."""
    word = RETIRED[name]
    command = ["git", "grep", "--untracked", "-nIP", "-e", word.spelled, "--", *word.within, *(f":!{place}" for place in HISTORY)]
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert found.returncode in (0, 1), found.stderr
    assert not found.stdout, f"{name} is retired; say {word.instead}"


@pytest.mark.parametrize("name", RETIRED)
def test_a_retired_word_is_looked_for_as_it_was_spelled_and_where_there_are_files(name: str) -> None:
    word = RETIRED[name]
    assert all(re.search(word.spelled, example) for example in word.examples)
    assert word.examples
    assert all(tracked(place) for place in word.within)
