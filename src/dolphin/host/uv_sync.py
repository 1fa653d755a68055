"""Installs a lock file with uv, from where pip is configured to install from: uv does not read pip's configuration.

    python -I uv_sync.py LOCK

It runs before anything is installed, so it needs nothing but Python, the environment's own pip, and uv beside its `python`. The script
`dolphin` starts it with `-I`, so that no file of the folder it was called in can stand in for a module.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

SECTIONS = ("global", "install", ":env:")
"""Of pip's configuration, in the order in which one wins over those before it."""


def pip_settings(lines: Iterable[str]) -> dict[str, str]:
    """What `pip config list` says holds for `pip install`: {option: value}."""
    said: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in lines:
        key, is_setting, value = line.strip().partition("=")
        section, _, option = key.rpartition(".")
        if is_setting and section in said:
            said[section][option] = ast.literal_eval(value)
    return {option: value for section in SECTIONS for option, value in said[section].items()}


def index_options(settings: Mapping[str, str]) -> list[str]:
    """Options for uv that name the indexes and folders that pip has in `settings`."""
    options: list[str] = []
    if "index-url" in settings:
        options += ["--default-index", settings["index-url"]]
    for option, name in (("extra-index-url", "--index"), ("find-links", "--find-links"), ("trusted-host", "--allow-insecure-host")):
        for value in settings.get(option, "").split():
            options += [name, os.path.expanduser(value)]
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        options.append("--no-index")
    return options


def connection(settings: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that have uv connect as pip does."""
    variables = {"cert": "SSL_CERT_FILE", "client-cert": "SSL_CLIENT_CERT", "proxy": "ALL_PROXY", "timeout": "UV_HTTP_TIMEOUT"}
    given = {"timeout": settings["default-timeout"]} | dict(settings) if "default-timeout" in settings else settings
    return {variable: given[option] for option, variable in variables.items() if option in given}


def main(lock: str) -> None:
    """Becomes uv."""
    listing = subprocess.run([sys.executable, "-I", "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    settings = pip_settings(listing.splitlines())
    uv = str(Path(sys.executable).with_name("uv"))
    # No settings of uv's own: it would read those of whatever project it is called in. Like pip, it takes a package from whichever index
    # has the version asked for; the hashes say whether it is the right one.
    command = [uv, "--no-config", "pip", "sync", "--python", sys.executable, "--require-hashes", "--compile-bytecode"]
    command += ["--index-strategy", "unsafe-best-match", *index_options(settings), lock]
    os.execve(uv, command, os.environ | connection(settings))


if __name__ == "__main__":
    main(sys.argv[1])
