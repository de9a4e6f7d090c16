"""Local states: a copy of the stack in which every state is a file."""

import copy
from pathlib import Path

from tests.rehearsal.samples import data, network
from tools.rehearsal.states import LocalStates


def test_a_remote_state_is_read_from_the_file_that_its_owner_writes(tmp_path: Path) -> None:
    states = LocalStates(tmp_path)

    owner, reader = states.adapt(network()), states.adapt(data())

    written = owner["terraform"]["backend"]["local"]["path"]
    source = reader["data"]["terraform_remote_state"]["network_state"]
    assert source == {"backend": "local", "config": {"path": written}}


def test_what_is_given_stays_as_it_is(tmp_path: Path) -> None:
    given = data()
    before = copy.deepcopy(given)

    LocalStates(tmp_path).adapt(given)

    assert given == before
