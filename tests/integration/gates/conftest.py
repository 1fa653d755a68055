"""A PostgreSQL for the tests of the gates, where there is one to run."""

from collections.abc import Iterator

import pytest
from postgres import PASSWORD, Postgres


@pytest.fixture(scope="session")
def postgres_if_installed() -> Iterator[Postgres | None]:
    """Members that a test starts find its password in their environment."""
    if not Postgres.is_installed():
        yield None
        return
    server = Postgres.start()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DOLPHIN_GATES_PASSWORD", PASSWORD)
        yield server
    server.close()


@pytest.fixture(scope="session")
def postgres(postgres_if_installed: Postgres | None) -> Postgres:
    if postgres_if_installed is None:
        pytest.skip("there is no PostgreSQL 15 here (Debian package postgresql-15)")
    return postgres_if_installed
