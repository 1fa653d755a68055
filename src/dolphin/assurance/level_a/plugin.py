"""The pytest plugin `-p dolphin.assurance.level_a.plugin --mcdc FILE`: watches the level A modules while the tests run, and writes what
is missing.
"""

from pathlib import Path

import msgspec
import pytest

from dolphin.assurance.level_a import coverage, modules
from dolphin.assurance.level_a.recording import Recorder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mcdc", type=Path, metavar="FILE", help="record MC/DC of the level A modules and write the result to FILE")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Before any conftest or test module is imported."""
    if early_config.known_args_namespace.mcdc is not None:
        early_config.pluginmanager.register(_Recording(early_config.known_args_namespace.mcdc))


class _Recording:
    def __init__(self, result: Path) -> None:
        self._result = result
        self._modules = modules.python_modules()
        self._recorder = Recorder(self._modules)
        self._recorder.install()

    def pytest_sessionfinish(self) -> None:
        found = coverage.judge(self._modules, self._recorder.probes)
        self._result.write_bytes(msgspec.json.encode(found))
