"""What the Java build needs is looked for first, and what is missing is said in one line."""

from pathlib import Path

import pytest

from dolphin.errors import BadInput
from dolphin.host.build import find_jdk, jar_fingerprint


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


@pytest.mark.parametrize(
    "changed",
    ["pom.xml", "jet/pom.xml", "src/dolphin/core/law.toml", ".mvn/jvm.config", "jet/src/main/java/A.java", "jet/src/main/resources/a.sql"],
)
def test_the_jar_is_built_again_when_anything_it_is_made_from_has_changed(tmp_path: Path, changed: str) -> None:
    names = ("pom.xml", "jet/pom.xml", "src/dolphin/core/law.toml", ".mvn/jvm.config", "jet/src/main/java/A.java")
    for name in (*names, "jet/src/main/resources/a.sql", "jet/src/test/java/ATest.java"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    built_from = jar_fingerprint(tmp_path)
    (tmp_path / "jet/src/test/java/ATest.java").write_text("after")
    assert jar_fingerprint(tmp_path) == built_from, "a test is not in the jar"
    (tmp_path / changed).write_text("after")
    assert jar_fingerprint(tmp_path) != built_from
