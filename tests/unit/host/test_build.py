"""The jar is built again when what it is made from has changed, and only then."""

from pathlib import Path

import pytest

from dolphin.host.build import jar_fingerprint


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
