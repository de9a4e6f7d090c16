"""A real Kubernetes API server on loopback: etcd and kube-apiserver, and no node.

It takes objects as a cluster's API server does: schemas, defaults, pod security, admission
policies, RBAC. Nothing is scheduled and no pod starts.
"""

from local_kubernetes.control_plane import api_server
from local_kubernetes.programs import ProgramsMissingError, find
from local_kubernetes.server import ApiServer, Refused

__all__ = ["ApiServer", "ProgramsMissingError", "Refused", "api_server", "find"]
