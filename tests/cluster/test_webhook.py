"""What the stand-in of the workload identity webhook writes into a pod."""

from typing import Any

from tools.cluster.webhook import LEAST_CPU, for_a_small_node, in_other_images, with_identity


def pod() -> dict[str, Any]:
    base = {"name": "base", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
    return {"spec": {"containers": [base], "initContainers": [{"name": "wait"}]}}


def test_every_container_gets_the_token() -> None:
    changed = pod()

    with_identity(changed, "client", "tenant")

    spec = changed["spec"]
    found = [*spec["initContainers"], *spec["containers"]]
    assert [each["volumeMounts"][0]["name"] for each in found] == ["azure-identity-token"] * 2


def test_a_variable_that_is_there_stays() -> None:
    changed = pod()
    changed["spec"]["containers"][0]["env"] = [{"name": "AZURE_CLIENT_ID", "value": "own"}]

    with_identity(changed, "client", "tenant")

    env = changed["spec"]["containers"][0]["env"]
    assert [each["value"] for each in env if each["name"] == "AZURE_CLIENT_ID"] == ["own"]


def test_a_small_node_keeps_the_memory_that_is_asked_for() -> None:
    changed = pod()

    for_a_small_node(changed)

    requests = changed["spec"]["containers"][0]["resources"]["requests"]
    assert requests == {"cpu": LEAST_CPU, "memory": "1Gi"}


def test_an_image_that_the_rehearsal_has_not_brought_stays() -> None:
    changed = pod()
    changed["spec"]["containers"][0]["image"] = "registry.example.com/airflow:1"
    changed["spec"]["initContainers"][0]["image"] = "other"

    in_other_images(changed, {"registry.example.com/airflow:1": "localhost/airflow:run"})

    spec = changed["spec"]
    images = [each["image"] for each in (*spec["containers"], *spec["initContainers"])]
    assert images == ["localhost/airflow:run", "other"]
