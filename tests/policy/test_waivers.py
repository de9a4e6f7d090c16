"""A malformed waiver file is refused in words, with every fault at once."""

from pathlib import Path

import pytest

from conventions.faults import FaultError
from tools.policy.results import Result
from tools.policy.waivers import load

GOOD = """
[[waiver]]
rule = "AOA-R01"
resource = "azurerm_postgresql_flexible_server.*"
environments = ["dev"]
reason = "Burstable servers cannot have a standby."
"""


def refusal(folder: Path, text: str) -> str:
    file = folder / "waivers.toml"
    file.write_text(text)
    with pytest.raises(FaultError) as refused:
        load(file)
    return str(refused.value)


def test_a_whole_waiver_is_read(tmp_path: Path) -> None:
    (tmp_path / "waivers.toml").write_text(GOOD)

    assert [waiver.rule for waiver in load(tmp_path / "waivers.toml")] == ["AOA-R01"]


def test_an_address_whose_key_has_a_space_is_taken(tmp_path: Path) -> None:
    address = 'azurerm_storage_container.lake["raw data"]'
    (tmp_path / "waivers.toml").write_text(GOOD.replace('"azurerm_post', f"'{address}' #"))

    assert [waiver.resource for waiver in load(tmp_path / "waivers.toml")] == [address]


@pytest.mark.parametrize(
    "address", ['azurerm_storage_container.lake["raw data"]', "azurerm_subnet.nodes[0]"]
)
def test_a_waiver_is_about_the_address_that_it_spells(tmp_path: Path, address: str) -> None:
    (tmp_path / "waivers.toml").write_text(GOOD.replace('"azurerm_post', f"'{address}' #"))
    result = Result(
        environment="dev", stack="data", rule="AOA-R01", resource=address, title="", problem="open"
    )

    assert load(tmp_path / "waivers.toml")[0].matches(result)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('rule = "AOA-R01"', 'rule = "storage"', 'waiver[0].rule = "storage"'),
        ('rule = "AOA-R01"', "", 'fix: add rule = "AOA-R01"'),
        ('environments = ["dev"]', "environments = []", "waiver[0].environments = []"),
        ('environments = ["dev"]', 'environments = "dev"', 'waiver[0].environments = "dev"'),
        ('environments = ["dev"]', 'like = ""', 'waiver[0].like = ""'),
        ('environments = ["dev"]', "", "name either environments or like"),
        ("resource =", 'like = "dev"\nresource =', "fix: give one of the two"),
        ("Burstable servers cannot have a standby.", "because", 'waiver[0].reason = "because"'),
        ("resource =", "resuorce =", "fix: write resource"),
        ("[[waiver]]", "[waiver]", "fix: write [[waiver]]"),
        ("[[waiver]]", "[[wavier]]", "wavier = "),
        ("[[waiver]]", "", "fix: move it into [[waiver]], or delete it"),
        ("[[waiver]]", "[[exception]]", "fix: write waiver"),
        ("[[waiver]]", "exception = 1\n[[waiver]]", "fix: delete it"),
        ("[[waiver]]", "[[waiver", "line 2: [[waiver: not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert says in refusal(tmp_path, GOOD.replace(old, new))


def test_every_fault_of_the_file_is_named(tmp_path: Path) -> None:
    bad = GOOD.replace("AOA-R01", "storage").replace('["dev"]', "[]")

    assert refusal(tmp_path, bad).count("allowed:") == 2


def test_the_same_waiver_twice_is_refused(tmp_path: Path) -> None:
    assert "waived twice" in refusal(tmp_path, GOOD + GOOD)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="there is no such file"):
        load(tmp_path / "waivers.toml")
