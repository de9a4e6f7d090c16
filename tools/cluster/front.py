"""One nginx for Azure's host names: it forwards each to the server that stands in for it."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_kubernetes.control_plane import running
from local_kubernetes.server import wait_until

_SERVER = """
  server {{
    listen {address}:{port} ssl;
    server_name {names};
    location / {{
      proxy_pass {target};
      proxy_ssl_server_name on;
    }}
  }}
"""
_CONFIG = """
daemon off;
worker_processes 1;
error_log stderr warn;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_max_body_size 0;
  proxy_request_buffering off;
  proxy_buffering off;
  proxy_http_version 1.1;
  proxy_read_timeout 600s;
  proxy_set_header Host $host;
  proxy_temp_path {folder}/proxy; client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
{servers}}}
"""


@contextmanager
def front(
    folder: Path, address: str, port: int, certificate: Path, key: Path, targets: Mapping[str, str]
) -> Iterator[None]:
    """Serve while the block runs.

    Args:
        folder: for nginx's files.
        address: IP address that it listens on.
        port: port that it listens on, with TLS.
        certificate: for all the names, in PEM.
        key: of the certificate, in PEM.
        targets: the URL behind each host name; a name may begin with `*.`.
    """
    folder.mkdir(exist_ok=True)
    servers = "".join(
        _SERVER.format(address=address, port=port, names=name, target=target)
        for name, target in targets.items()
    )
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(folder=folder, certificate=certificate, key=key, servers=servers)
    )
    command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(config)]
    with running(command, folder / "nginx.log"):
        wait_until(lambda: _listens(address, port), "nginx", 15)
        yield


def _listens(address: str, port: int) -> bool:
    asked = ["bash", "-c", f": </dev/tcp/{address}/{port}"]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0
