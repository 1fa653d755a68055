"""All members of a cluster decide by one law, or do not become one."""

from pathlib import Path

import pytest
from other_law import with_clears
from postgres import Postgres

from dolphin.core.law import LAW
from dolphin.errors import BadInput
from dolphin.host.member import CONFIGS, MemberProcess

pytestmark = pytest.mark.integration


def test_a_member_of_another_law_does_not_join(jar: Path, tmp_path: Path, postgres: Postgres) -> None:
    three, gates = CONFIGS / "three-members.yaml", postgres.gates
    log = tmp_path / "other.log"
    with MemberProcess.start(jar=jar, log=tmp_path / "first.log", config=three, gates=gates) as first:
        assert f'"law":"{LAW.digest()}"' in (tmp_path / "first.log").read_text(), "the same hash as in Python"
        with pytest.raises(BadInput) as caught:
            MemberProcess.start(jar=with_clears(4, jar, tmp_path), log=log, config=three, join=[first.address], gates=gates)
        assert f"the member at {first.address} decides by another law ({LAW.digest()}, this one by " in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
        assert "Members {size:" not in log.read_text(), "it must not have joined"
        with MemberProcess.start(jar=jar, log=tmp_path / "second.log", config=three, join=[first.address], gates=gates):
            assert "Members {size:2" in (tmp_path / "second.log").read_text()
