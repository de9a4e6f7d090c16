"""What the parts promise to each other: the cache, the cloud folder, the programs, the facts."""

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from standin_providers import mirror
from standin_providers.cloud_folder import CloudFolder
from standin_providers.facts_writer import facts_text, ids_to_import
from standin_providers.identifiers import is_minted, minted, new_id
from standin_providers.provider_schemas import ProviderSchemas
from terraform_runner.provider_requirements import provider_requirements

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
PEERING = (
    "/subscriptions/*/resourceGroups/*/providers/Microsoft.Network/virtualNetworks/*"
    "/virtualNetworkPeerings/*"
)
PROGRAM = "mirror/**/linux_amd64/terraform-provider-azurerm"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def helm_release() -> object:
    return ProviderSchemas("helm").blocks("resource", ["helm_release"])


def test_a_schema_that_was_derived_once_is_read_from_the_cache(cache: Path) -> None:
    derived = helm_release()
    (file,) = cache.rglob("helm_release.json")
    file.write_text(file.read_text().replace('"chart"', '"cached"'))

    assert helm_release() != derived


def test_a_broken_file_in_the_cache_is_derived_anew(cache: Path) -> None:
    derived = helm_release()
    (file,) = cache.rglob("helm_release.json")
    file.write_text("{")

    assert helm_release() == derived


def test_a_cache_that_cannot_be_written_costs_only_time(cache: Path) -> None:
    cache.write_text("a file where a folder should be")

    assert helm_release()


def test_one_cache_serves_many_at_a_time(cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        derived = [future.result() for future in [pool.submit(helm_release) for _ in range(8)]]

    assert all(schema == derived[0] for schema in derived)


def test_the_cloud_is_changed_by_one_at_a_time(tmp_path: Path) -> None:
    cloud = CloudFolder(tmp_path)
    inside: list[int] = []
    most: list[int] = []

    def change() -> None:
        with cloud.locked():
            inside.append(1)
            time.sleep(0.01)  # long enough for another one to come in
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=change) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1


def test_ids_are_the_same_in_upper_and_lower_case(tmp_path: Path) -> None:
    cloud = CloudFolder(tmp_path)
    cloud.put("azurerm_resource_group", "/subscriptions/x/resourceGroups/rg", {"id": "here"})

    assert cloud.find("azurerm_resource_group", "/subscriptions/x/resourcegroups/RG")


def test_a_name_says_more_of_a_parent_than_another_parents_id() -> None:
    peering = {
        "name": "to-hub",
        "resource_group_name": "rg-own",
        "virtual_network_name": "vnet-own",
        "remote_virtual_network_id": PEERING.rsplit("/", 2)[0].replace("*", "hub"),
    }

    made = new_id("azurerm_virtual_network_peering", PEERING, peering, SUBSCRIPTION)

    assert made == (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-own/providers/Microsoft.Network"
        "/virtualNetworks/vnet-own/virtualNetworkPeerings/to-hub"
    )


def test_an_id_goes_on_from_the_parents_id() -> None:
    parent = PEERING.rsplit("/", 2)[0].replace("*", "own")

    made = new_id("azurerm_x", PEERING, {"name": "a", "virtual_network_id": parent}, SUBSCRIPTION)

    assert made == f"{parent}/virtualNetworkPeerings/a"


def test_a_uuid_of_the_stand_in_is_told_from_a_persons() -> None:
    assert is_minted(minted("a"))
    assert not is_minted("33333333-3333-4333-8333-333333333333")


def test_what_a_stack_needs_is_read_from_it(tmp_path: Path) -> None:
    stack = tmp_path / "cdk.tf.json"
    stack.write_text(
        json.dumps(
            {
                "terraform": {"required_providers": {"azurerm": {"source": "hashicorp/azurerm"}}},
                "resource": {"azurerm_subnet": {}},
                "data": {"terraform_remote_state": {}, "azurerm_client_config": {}},
            }
        )
    )

    needs = provider_requirements([stack])

    assert list(needs) == ["azurerm"]
    assert needs["azurerm"].source == "registry.terraform.io/hashicorp/azurerm"
    assert needs["azurerm"].types == {
        "resource": {"azurerm_subnet"},
        "data": {"azurerm_client_config"},
        "ephemeral": frozenset(),
    }


def test_a_types_page_gives_the_shape_of_its_id(tmp_path: Path) -> None:
    page = tmp_path / "subnet.html.markdown"
    id_ = "/subscriptions/0000/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
    service = f"{id_}/blobServices/default/containers/c"
    page.write_text(f"```shell\nterraform import azurerm_container.example {service}\n```\n")

    assert dict(ids_to_import(tmp_path)) == {
        "azurerm_container": (
            "/subscriptions/*/resourceGroups/*/providers/Microsoft.Storage/storageAccounts/*"
            "/blobServices/default/containers/*"
        )
    }


def test_compacted_facts_have_a_line_a_type() -> None:
    rules = {"resources": {"b_y": {"name": {"force_new": True}}, "b_x": {}}, "data_sources": {}}

    text = facts_text(rules, {"b_x": "/x/*"})

    assert json.loads(text) == {
        "resource": {
            "b_x": {"id": "/x/*"},
            "b_y": {"rules": {"name": {"force_new": True}}},
        },
        "data": {},
    }
    assert len([line for line in text.splitlines() if line.startswith('"b_')]) == 2


def test_a_mirrored_program_ends_with_its_rehearsal(tmp_path: Path) -> None:
    stack = tmp_path / "cdk.tf.json"
    stack.write_text('{"resource": {"azurerm_subnet": {}}}')
    with mirror([stack], tmp_path / "cloud", tmp_path / "mirror"):
        program = next(tmp_path.glob(PROGRAM))
        started = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        assert started.stdout
        handshake = started.stdout.readline()

    with started:
        assert started.wait(timeout=60) == 0
    assert handshake.startswith("1|6|unix|/")


def test_helms_login_to_a_cluster_is_one_object() -> None:
    kubernetes = ProviderSchemas("helm").configuration.attributes["kubernetes"].nested

    assert kubernetes
    login = kubernetes.attributes["exec"].nested
    assert login
    assert login.nesting == "single"
