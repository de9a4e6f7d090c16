"""The series of Grafana's built-in boards, computed by Prometheus itself from what is scraped."""

import pytest

from observability.recording import kubernetes_recordings, node_recordings
from tests.observability.conftest import Promtool

RECORDINGS = (*node_recordings(), *kubernetes_recordings())
POD = 'cluster="c",namespace="airflow",pod="p"'
NODE = 'cluster="c",instance="n",job="node"'
STATE = f'{POD},job="kube-state-metrics"'


# series that are scraped, a value a minute: a query over what is recorded, its value
DRAWN = {
    "a container's CPU, with its node": (
        {
            f'container_cpu_usage_seconds_total{{{POD},container="a",image="i",job="cadvisor"}}': (
                "0+30x10"
            ),
            f'kube_pod_info{{{POD},node="n1"}}': "1x10",
        },
        'node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate{node="n1"}',
        0.5,
    ),
    "memory that a running pod asks for": (
        {
            f'kube_pod_container_resource_requests{{{STATE},container="a",resource="memory"}}': (
                "64x10"
            ),
            f'kube_pod_status_phase{{{POD},phase="Running"}}': "1x10",
        },
        'namespace_memory:kube_pod_container_resource_requests:sum{namespace="airflow"}',
        64,
    ),
    "the workload of a Deployment's pod": (
        {
            f'kube_pod_owner{{{STATE},owner_kind="ReplicaSet",owner_name="api-1"}}': "1x10",
            'kube_replicaset_owner{cluster="c",namespace="airflow",replicaset="api-1",'
            'owner_name="api",job="kube-state-metrics"}': "1x10",
        },
        'namespace_workload_pod:kube_pod_owner:relabel{workload="api",workload_type="deployment"}',
        1,
    ),
    "the workload of a StatefulSet's pod": (
        {f'kube_pod_owner{{{STATE},owner_kind="StatefulSet",owner_name="t"}}': "1x10"},
        'namespace_workload_pod:kube_pod_owner:relabel{workload="t",workload_type="statefulset"}',
        1,
    ),
    "how busy a node is": (
        {
            f'node_cpu_seconds_total{{{NODE},cpu="0",mode="idle"}}': "0+15x10",
            f'node_cpu_seconds_total{{{NODE},cpu="0",mode="user"}}': "0+45x10",
        },
        'instance:node_cpu_utilisation:rate5m{instance="n"}',
        0.75,
    ),
    "what a node receives": (
        {f'node_network_receive_bytes_total{{{NODE},device="eth0"}}': "0+60x10"},
        'instance:node_network_receive_bytes_excluding_lo:rate5m{instance="n"}',
        1,
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_board_has_what_it_draws(promtool: Promtool, name: str) -> None:
    series, query, value = DRAWN[name]
    rules = [{"record": one.record, "expr": one.expression} for one in RECORDINGS]
    sample = {"labels": "{}", "value": value}

    promtool(
        rules,
        series,
        promql_expr_test=[
            {"expr": f"sum({query})", "eval_time": "8m", "exp_samples": [sample]},
        ],
    )


def test_azure_takes_twenty_rules_a_group() -> None:
    assert len(node_recordings()) <= 20
    assert len(kubernetes_recordings()) <= 20
