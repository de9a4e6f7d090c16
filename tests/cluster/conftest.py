"""A real API server for the tests of what the rehearsal makes in a cluster."""

from collections.abc import Iterator

import pytest
from local_kubernetes import ApiServer, ProgramsMissingError, api_server, find
from local_kubernetes.programs import minors

from tests.parts.skips import missing


@pytest.fixture(scope="session")
def cluster(a_program: None) -> Iterator[ApiServer]:
    """A cluster without nodes."""
    try:
        programs = find(minors()[-1])
    except ProgramsMissingError as error:
        missing(str(error))
    with api_server(programs) as server:
        yield server
