"""Whether a text carries a password: an address that has one is refused, for process lists, files and errors show addresses.

The rule is the same as that of `dolphin.jet.gates.store.Address`; tests of both read `tests/contract/addresses.json`. It errs on the side
of refusing.
"""

import re
from typing import Final

HIDDEN: Final = "***"
"""What is shown of a text that may hold a password."""

REMEDY: Final = "Put it into the environment as DOLPHIN_GATES_PASSWORD, or into a file that DOLPHIN_GATES_PASSWORD_FILE names."

_LAYERS: Final = 5
"""Of percent-encoding that are looked through; a text with more is taken to hide something."""
_WORD: Final = "(?:pass|pw|secret|token|api[_-]?key|(?<![a-z])(?:auth|cred))"
"""`auth` and `cred` at the beginning of a word only: `requireAuth` and `gssUseDefaultCreds` of PostgreSQL's driver hold no secret."""
_NAMED: Final = re.compile(rf"(?i){_WORD}\w*\s*=")
_NAME: Final = re.compile(rf"(?i){_WORD}")
_ENCODED: Final = re.compile("%([0-7][0-9A-Fa-f])")
_HOSTS: Final = re.compile(r"(?:\[[^\]]*\]|[^:,\[\]]*)(?::\d*)?(?:,(?:\[[^\]]*\]|[^:,\[\]]*)(?::\d*)?)*")
_FILE: Final = re.compile("(?i)(?:jdbc:)?sqlite:")


def is_secret_name(key: str) -> bool:
    """Whether the dotted `key` of a setting is one that holds a secret."""
    return _NAME.search(key.rpartition(".")[2]) is not None


def shown(address: str) -> str:
    """What of an address that cannot be used is shown: nothing, where it may hold a password."""
    return HIDDEN if "@" in address or carries_password(address) else address


def carries_password(address: str) -> bool:
    """Whether `address` (a URL, a JDBC URL, a `key=value` list, percent-encoded or not) has a password in it."""
    text = address
    for _ in range(_LAYERS):
        if _NAMED.search(text) or _has_user_and_password(text):
            return True
        decoded = _ENCODED.sub(lambda match: bytes.fromhex(match[1]).decode("ascii"), text)
        if decoded == text:
            return False
        text = decoded
    return True


def _has_user_and_password(text: str) -> bool:
    """`//user:password@host`, also without `//`, and where the password has characters that it should not have."""
    if _FILE.match(text):
        return False
    _, slashes, rest = text.partition("//")
    place, mark, query = (rest if slashes else text).partition("?")
    if "@" in place:
        return ":" in place.rpartition("@")[0]
    is_hosts = _HOSTS.fullmatch(place.partition("/")[0]) is not None
    return bool(mark) and "@" in query and not (is_hosts and "=" in query.partition("@")[0])
