"""What the Java build needs is looked for first, and what is missing is said in one line."""

from pathlib import Path

import pytest

from dolphin.errors import BadInput
from dolphin.host.build import find_jdk


def make_java(home: Path, version: str, *, with_compiler: bool) -> None:
    (home / "bin").mkdir(parents=True)
    java = home / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    if with_compiler:
        (home / "bin" / "javac").touch(0o755)


def test_a_jdk_is_found_by_java_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_java(tmp_path, "21.0.2", with_compiler=True)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    jdk = find_jdk()
    assert (jdk.java, jdk.version) == (tmp_path / "bin" / "java", 21)


@pytest.mark.parametrize(
    ("version", "with_compiler", "what"), [("11.0.1", True, "too old"), ("1.8.0_292", True, "8 is too old"), ("17", False, "compiler")]
)
def test_an_old_or_partial_java_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, with_compiler: bool, what: str
) -> None:
    make_java(tmp_path, version, with_compiler=with_compiler)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(BadInput, match=what) as caught:
        find_jdk()
    assert "JDK 17" in caught.value.remedy


def test_no_java_at_all_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(BadInput, match="no java found"):
        find_jdk()
