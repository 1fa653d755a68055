"""Work in the background has an owner that hears its end (`dolphin.host.tasks`): a task belongs to the group of the block around it.

Whatever else starts work (a task of a loop, a thread, a pool) is entered below, with how often and who hears its end.
"""

import ast
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.sources import bound, named, resolved, tracked

FILES = [path for path in tracked("*.py") if named(path).partition("/")[0] not in ("tests", "docs", "jet")]

OWNERS = {
    ("agent/node.py", "self._loop.create_task"): 1,  # the node's run, awaited by `stop`; its end is heard
    ("agent/data.py", "self._loop.create_task"): 1,  # the one task that owns all reading, awaited by `stop_reading`; its end is heard
    ("bench/measurement/host.py", "threading.Thread"): 1,  # the echo of the loopback probe, joined by its block
    ("bench/stage_rig/rig.py", "threading.Timer"): 1,  # kills a rig that does not answer, cancelled when it has
    ("src/dolphin/trading/journal.py", "threading.Thread"): 1,  # the trace's writer, joined by `close`; what ends it is said and counted
}
"""(file, what starts the work) and how often it does, of work that belongs to no task group of the block it is started in."""

STARTS = frozenset({"create_task", "ensure_future", "run_coroutine_threadsafe", "run_in_executor", "start_new_thread"})
"""Methods and functions, whatever they belong to."""
WORKERS = frozenset(
    {
        *("asyncio.Task", "threading.Thread", "threading.Timer", "multiprocessing.Process"),
        *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
        *("concurrent.futures.thread.ThreadPoolExecutor", "concurrent.futures.process.ProcessPoolExecutor"),
        *("multiprocessing.Pool", "multiprocessing.pool.ThreadPool", "multiprocessing.context.Process"),
    }
)
GROUP = "asyncio.TaskGroup"


def unowned(source: str) -> list[str]:
    """What in `source` starts work that no task group of the block around it owns, once for each time that it is named."""
    tree = ast.parse(source)
    return list(_starts(tree, bound(tree), frozenset()))


def _starts(node: ast.AST, names: dict[str, str], groups: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        groups = frozenset()  # it may run when the block is over
    if isinstance(node, ast.AsyncWith):
        for item in node.items:
            yield from _starts(item.context_expr, names, groups)
        opened = {ast.unparse(item.optional_vars) for item in node.items if item.optional_vars is not None and _is_group(item, names)}
        for each in node.body:
            yield from _starts(each, names, groups | opened)
        return
    if isinstance(node, ast.Constant) and node.value in STARTS:
        yield repr(node.value)
    if isinstance(node, ast.Name | ast.Attribute):
        name = resolved(node, names) or ast.unparse(node)
        owner, _, what = name.rpartition(".")
        if name in WORKERS or (what in STARTS and owner not in groups):
            yield name
        elif isinstance(node, ast.Attribute):
            yield from _starts(node.value, names, groups)
        return
    if isinstance(node, ast.ImportFrom | ast.TypeAlias):
        return  # what an import binds is found where it is named, and a type starts nothing
    for field, children in ast.iter_fields(node):
        for child in children if isinstance(children, list) else [children]:
            if isinstance(child, ast.AST) and field not in ("annotation", "returns"):
                yield from _starts(child, names, groups)


def _is_group(item: ast.withitem, names: dict[str, str]) -> bool:
    return isinstance(item.context_expr, ast.Call) and resolved(item.context_expr.func, names) == GROUP


def test_every_task_and_every_thread_has_an_owner() -> None:
    assert len(FILES) > 200
    found = Counter((named(path), start) for path in FILES for start in unowned(path.read_text()))
    assert found == OWNERS


@pytest.mark.parametrize(
    ("source", "starts"),
    [
        ("import asyncio\nasyncio.create_task(work())", "asyncio.create_task"),
        ("from asyncio import create_task\ncreate_task(work())", "asyncio.create_task"),
        ("from asyncio import create_task as go\ngo(work())", "asyncio.create_task"),
        ("import asyncio as aio\naio.ensure_future(work())", "asyncio.ensure_future"),
        ("import asyncio\nasyncio.Task(work())", "asyncio.Task"),
        ("import asyncio\nasyncio.get_running_loop().create_task(work())", "asyncio.get_running_loop().create_task"),
        ("loop.create_task(work())", "loop.create_task"),
        ("self._loop.create_task(work())", "self._loop.create_task"),
        ("loop.run_in_executor(None, work)", "loop.run_in_executor"),
        ("import asyncio\nstart = asyncio.create_task", "asyncio.create_task"),
        ("getattr(loop, 'create_task')(work())", "'create_task'"),
        ("import threading\nthreading.Thread(target=work).start()", "threading.Thread"),
        ("from threading import Thread\nThread(target=work).start()", "threading.Thread"),
        ("from threading import Thread\nclass Writer(Thread): ...", "threading.Thread"),
        ("import threading\nthreading.Timer(1, work).start()", "threading.Timer"),
        ("from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor()", "concurrent.futures.ThreadPoolExecutor"),
        # the group of another block
        (
            "import asyncio\n"
            "async def one():\n    async with asyncio.TaskGroup() as group:\n        group.create_task(work())\n"
            "async def other(group):\n    group.create_task(work())",
            "group.create_task",
        ),
        (
            "import asyncio\nasync def f():\n    async with asyncio.TaskGroup() as g:\n        pass\n    g.create_task(work())",
            "g.create_task",
        ),
        (
            "import asyncio\nasync def f():\n    async with asyncio.TaskGroup() as g:\n        later = lambda: g.create_task(work())",
            "g.create_task",
        ),
        ("async def f():\n    async with Mine() as group:\n        group.create_task(work())", "group.create_task"),
    ],
)
def test_the_check_finds(source: str, starts: str) -> None:
    assert unowned(source) == [starts]


def test_each_start_counts() -> None:
    assert unowned("loop.create_task(one())\nloop.create_task(other())") == ["loop.create_task"] * 2


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasync def f():\n    async with asyncio.TaskGroup() as g:\n        g.create_task(work())",
        "from asyncio import TaskGroup\nasync def f():\n    async with TaskGroup() as g:\n        [g.create_task(each) for each in work]",
        "import asyncio\nasync def f():\n    async with opened() as it, asyncio.TaskGroup() as g:\n        g.create_task(it.run())",
        "import asyncio\nasync def f(task: asyncio.Task[None]) -> None: ...",
    ],
)
def test_the_check_lets_through(source: str) -> None:
    assert unowned(source) == []
