"""The Java there is, is looked at before anything needs it; what is missing or too old is said in one line with what is needed."""

from pathlib import Path

import pytest

from dolphin.errors import BadInput
from dolphin.host.java import find_java, find_jdk


def make_java(home: Path, says: str, *, with_compiler: bool = True, release: str | None = None) -> None:
    (home / "bin").mkdir(parents=True)
    java = home / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    if with_compiler:
        (home / "bin" / "javac").touch(0o755)
    if release is not None:
        (home / "release").write_text(f'IMPLEMENTOR="Debian"\nJAVA_VERSION="{release}"\n')


@pytest.fixture
def java_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    return tmp_path


def test_a_jdk_is_found_by_java_home(java_home: Path) -> None:
    make_java(java_home, 'openjdk version "21.0.2"')
    jdk = find_jdk()
    assert (jdk.java, jdk.version) == (java_home / "bin" / "java", 21)


def test_an_installation_that_says_its_version_in_a_file_is_not_asked(java_home: Path) -> None:
    make_java(java_home, "must not be asked", release="25")
    assert find_jdk().version == 25


@pytest.mark.parametrize(("says", "release"), [('openjdk version "11.0.1"', None), ("", "11.0.20"), ('java version "1.8.0_292"', None)])
def test_one_that_is_too_old_is_named_with_what_is_needed(java_home: Path, says: str, release: str | None) -> None:
    make_java(java_home, says, release=release)
    with pytest.raises(BadInput, match=r"Java (11|8) is too old: 17 or newer is needed") as caught:
        find_java()
    assert caught.value.value == str(java_home / "bin" / "java")
    assert "JDK 17" in caught.value.remedy
    assert len(str(caught.value).splitlines()) == 1


def test_a_runtime_without_a_compiler_can_start_a_member_and_not_build(java_home: Path) -> None:
    make_java(java_home, 'openjdk version "17"', with_compiler=False)
    assert find_java() == java_home / "bin" / "java"
    with pytest.raises(BadInput, match="Java 17 runtime without a compiler"):
        find_jdk()


def test_what_is_no_java_is_told_by_what_it_said(java_home: Path) -> None:
    make_java(java_home, "Segmentation fault")
    with pytest.raises(BadInput, match="does not say its version, but: Segmentation fault"):
        find_java()


def test_no_java_at_all_says_where_it_was_looked_for_and_what_to_install(java_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="no java found: JAVA_HOME has no bin/java") as caught:
        find_jdk()
    assert caught.value.value == str(java_home)
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(java_home))
    with pytest.raises(BadInput, match="JAVA_HOME is not set, and there is none on the path"):
        find_jdk()
