"""One node with its control plane: containerd, kubelet, scheduler, controllers and kube-proxy."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from local_kubernetes.archives import of_program
from local_kubernetes.control_plane import Settings, api_server, running
from local_kubernetes.names import DOMAIN, names
from local_kubernetes.programs import Programs
from local_kubernetes.room import ADDRESS, PLUGINS
from local_kubernetes.server import ApiServer, wait_until

NAME = "node"
SOCKET = "/run/containerd/containerd.sock"
PAUSE = "localhost/pause:1"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running cluster of one node."""

    server: ApiServer
    folder: Path
    kubeconfig: Path
    address: str = ADDRESS

    def add_image(self, archive: Path) -> None:
        """Let pods start from an image in an archive of Docker's."""
        _ctr("images", "import", str(archive))

    def add_volume(self, name: str) -> None:
        """Let one claim without a storage class be bound: a folder that ends with the node."""
        place = self.folder / "volumes" / name
        place.mkdir(parents=True)
        place.chmod(0o777)  # a volume of a disk would be given to the pod's group
        spec = {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": str(place)},
        }
        made = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": spec,
        }
        if refused := self.server.apply(made):
            raise RuntimeError(str(refused))


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a cluster shall be like.

    Attributes:
        issuer: of the tokens of service accounts.
        services: address range of Services.
        pods: address range of pods.
    """

    issuer: str
    services: str = "10.245.0.0/20"
    pods: str = "10.244.0.0/16"


@contextmanager
def cluster(
    control_plane: Programs, node: Programs, folder: Path, wishes: Wishes
) -> Iterator[Cluster]:
    """Run a cluster in this room until the block ends.

    Raises:
        RuntimeError: a program ended.
        TimeoutError: the node did not get ready.
    """
    _certificates(folder)
    settings = Settings(
        address=ADDRESS,
        issuer=wishes.issuer,
        services=wishes.services,
        options=[
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={folder / 'client.pem'}",
            f"--kubelet-client-key={folder / 'client.key'}",
        ],
    )
    with ExitStack() as running_parts:
        _containerd(folder, wishes)
        running_parts.enter_context(
            running(
                ["containerd", "--config", str(folder / "containerd.toml")],
                folder / "containerd.log",
            )
        )
        wait_until(lambda: Path(SOCKET).exists(), "containerd", 30)
        of_program(node.path("pause"), PAUSE, folder / "pause.tar")
        _ctr("images", "import", str(folder / "pause.tar"))
        server = running_parts.enter_context(api_server(control_plane, settings, folder))
        started = Cluster(server=server, folder=folder, kubeconfig=_kubeconfig(server, folder))
        running_parts.enter_context(names(server, folder, ADDRESS))
        for name, command in _parts(node, server, folder, wishes).items():
            running_parts.enter_context(running(command, folder / f"{name}.log"))
        wait_until(lambda: _ready(server), "the node", 120)
        yield started


def _parts(node: Programs, server: ApiServer, folder: Path, wishes: Wishes) -> dict[str, list[str]]:
    authority = server.client.configuration.ssl_ca_cert
    config = folder / "kubelet.yaml"
    config.write_text(json.dumps(_kubelet(folder)))
    return {
        "controllers": [
            str(node.path("kube-controller-manager")),
            f"--kubeconfig={_kubeconfig(server, folder, 'system:kube-controller-manager')}",
            f"--service-account-private-key-file={folder / 'accounts.key'}",
            f"--root-ca-file={authority}",
            "--use-service-account-credentials",
            "--leader-elect=false",
        ],
        "scheduler": [
            str(node.path("kube-scheduler")),
            f"--kubeconfig={_kubeconfig(server, folder, 'system:kube-scheduler')}",
            "--leader-elect=false",
        ],
        "kubelet": [
            str(node.path("kubelet")),
            f"--config={config}",
            f"--kubeconfig={_kubeconfig(server, folder, f'system:node:{NAME}')}",
            f"--hostname-override={NAME}",
            f"--node-ip={ADDRESS}",
            f"--root-dir={folder / 'kubelet'}",
        ],
        "proxy": [
            str(node.path("kube-proxy")),
            f"--kubeconfig={_kubeconfig(server, folder, 'system:kube-proxy')}",
            f"--hostname-override={NAME}",
            "--proxy-mode=iptables",
            f"--cluster-cidr={wishes.pods}",
            # for the whole machine, not for this room
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
        ],
    }


def _kubelet(folder: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(folder / "clients.pem")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{folder.name}",
        "clusterDNS": [ADDRESS],
        "clusterDomain": DOMAIN,
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        # a machine that is fuller than a node should be would lose the images of this one
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "podLogsDir": str(folder / "pod-logs"),
        "resolvConf": "/etc/resolv.conf",
        "volumePluginDir": str(folder / "volume-plugins"),
    }


def _containerd(folder: Path, wishes: Wishes) -> None:
    network = {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": wishes.pods}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }
    (folder / "cni").mkdir()
    (folder / "cni" / "pods.conflist").write_text(json.dumps(network))
    text = f"""
version = 2
root = "{folder / "containerd"}"
state = "/run/containerd"
[grpc]
address = "{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{PLUGINS}"
conf_dir = "{folder / "cni"}"
"""
    (folder / "containerd.toml").write_text(text)


def _certificates(folder: Path) -> None:
    """Write what the API server shows to the kubelet, and by which the kubelet knows it."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert(
        "api-server", common_name="api-server", organization_name="system:masters"
    )
    authority.cert_pem.write_to_path(str(folder / "clients.pem"))
    (folder / "client.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(folder / "client.key"))


def _kubeconfig(server: ApiServer, folder: Path, user: str = "administrator") -> Path:
    path = folder / f"{user.replace(':', '-')}.kubeconfig"
    path.write_text(yaml.safe_dump(server.kubeconfig(user=user)))
    path.chmod(0o600)
    return path


def _ready(server: ApiServer) -> bool:
    api: Any = client.CoreV1Api(server.client)
    for node in api.list_node().items:
        return any(
            each.type == "Ready" and each.status == "True" for each in node.status.conditions
        )
    return False


def _ctr(*command: str) -> None:
    done = subprocess.run(
        ["ctr", "--address", SOCKET, "--namespace", "k8s.io", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"ctr {' '.join(command)}: {done.stderr.strip()}")
