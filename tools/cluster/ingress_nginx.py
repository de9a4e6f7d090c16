"""The nginx.conf that the ingress controller would write for our values, for Debian's nginx.

It follows the templates of controller 5.6 (`internal/configs/version1/*.tmpl` in its repository),
directive by directive and level by level, as the level decides what a directive inherits. Only what
Debian's nginx 1.22 spells in another way differs: HTTP/2 is a parameter of `listen` there.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The controller's own values where the ConfigMap and the annotations are silent.
DEFAULTS = {
    "server-tokens": "true",
    "http-redirect-code": "301",
    "client-max-body-size": "1m",
    "proxy-connect-timeout": "60s",
    "proxy-read-timeout": "60s",
    "proxy-send-timeout": "60s",
    "worker-processes": "auto",
    "ssl-prefer-server-ciphers": "false",
}


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where this nginx listens and what it forwards to, which a cluster would decide."""

    folder: Path
    http_port: int
    https_port: int
    upstream: str
    """Host and port of the API server."""
    certificate: Path
    key: Path


def nginx_conf(
    config_map: Mapping[str, str], ingress: Mapping[str, Any], listening: Listening
) -> str:
    """Return the whole file for one Ingress with one host."""
    entries = {**DEFAULTS, **config_map}
    lines = [
        *_main(entries, listening),
        "http {",
        *_http(entries, listening),
        *_ingress(entries, ingress["apiServer"], listening),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _main(entries: Mapping[str, str], listening: Listening) -> Iterator[str]:
    yield f"worker_processes {entries['worker-processes']};"
    if "worker-shutdown-timeout" in entries:
        yield f"worker_shutdown_timeout {entries['worker-shutdown-timeout']};"
    yield "daemon off;"
    if os.geteuid() == 0:  # else the workers, as www-data, could not write to the test's folder
        yield "user root;"
    yield f"error_log {listening.folder}/error.log notice;"
    yield f"pid {listening.folder}/nginx.pid;"
    yield "events { worker_connections 1024; }"


def _http(entries: Mapping[str, str], listening: Listening) -> Iterator[str]:
    yield "include /etc/nginx/mime.types;"
    yield "default_type application/octet-stream;"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f"{kind}_temp_path {listening.folder}/{kind};"
    yield from entries.get("http-snippets", "").splitlines()
    yield from _add_headers(entries.get("add-header", ""))
    if "log-format" in entries:
        parts = [
            f"'{' ' if n else ''}{p}'" for n, p in enumerate(entries["log-format"].split("\n"))
        ]
        yield f"log_format main escape={entries['log-format-escaping']} " + "\n".join(parts) + ";"
    yield f"access_log {listening.folder}/access.log main;"
    yield "keepalive_timeout 75s;"
    yield 'map $request_uri $request_uri_no_args { "~^(?P<path>[^?]*)(\\?.*)?$" $path; }'
    if "ssl-protocols" in entries:
        yield f"ssl_protocols {entries['ssl-protocols']};"
    if "ssl-ciphers" in entries:
        yield f'ssl_ciphers "{entries["ssl-ciphers"]}";'
    if _on(entries["ssl-prefer-server-ciphers"]):
        yield "ssl_prefer_server_ciphers on;"


def _ingress(
    entries: Mapping[str, str], ingress: Mapping[str, Any], listening: Listening
) -> Iterator[str]:
    annotations = {
        name.removeprefix("nginx.org/"): value for name, value in ingress["annotations"].items()
    }
    (host,) = ingress["hosts"]
    yield f"upstream airflow {{ server {listening.upstream} max_fails=1;"
    yield f"keepalive {entries['keepalive']}; }}" if "keepalive" in entries else "}"
    if "limit-req-rate" in annotations:
        key = annotations.get("limit-req-key", "${binary_remote_addr}")
        # the controller divides it by its replicas, of which this is one
        rate = annotations["limit-req-rate"]
        yield f"limit_req_zone {key} zone=airflow/airflow-ingress:10m rate={rate};"
    yield "server {"
    yield f"listen {listening.http_port};"
    http2 = " http2" if _on(entries.get("http2", "false")) else ""
    yield f"listen {listening.https_port} ssl{http2};"
    yield f"ssl_certificate {listening.certificate};"
    yield f"ssl_certificate_key {listening.key};"
    yield f"server_tokens {'on' if _on(entries['server-tokens']) else 'off'};"
    yield f"server_name {host['name'].split(':')[0]};"
    yield from _add_headers(annotations.get("add-header", ""))
    if _on(entries.get("hsts", "false")):
        subdomains = _on(entries.get("hsts-include-subdomains", "false"))
        value = f"max-age={entries['hsts-max-age']}; "
        value += f"{'includeSubDomains; ' if subdomains else ''}preload"
        yield 'set $hsts_header_val "";'
        yield "proxy_hide_header Strict-Transport-Security;"
        yield f'if ($https = on) {{ set $hsts_header_val "{value}"; }}'
        yield 'add_header Strict-Transport-Security "$hsts_header_val" always;'
    if _on(entries.get("ssl-redirect", "true")):
        target = f"https://$host:{listening.https_port}$request_uri"
        yield f"if ($scheme = http) {{ return {entries['http-redirect-code']} {target}; }}"
    yield from entries.get("server-snippets", "").splitlines()
    yield f"location {ingress['path']} {{"
    yield from _location(entries, annotations)
    yield "} }"


def _location(entries: Mapping[str, str], annotations: Mapping[str, str]) -> Iterator[str]:
    yield "proxy_http_version 1.1;"
    if "keepalive" in entries:
        yield 'proxy_set_header Connection "";'
    for name in ("proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout"):
        yield f"{name.replace('-', '_')} {entries[name]};"
    yield f"client_max_body_size {entries['client-max-body-size']};"
    yield "proxy_set_header Host $host;"
    yield "proxy_set_header X-Real-IP $remote_addr;"
    yield "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    yield "proxy_set_header X-Forwarded-Host $host;"
    yield "proxy_set_header X-Forwarded-Port $server_port;"
    yield "proxy_set_header X-Forwarded-Proto $scheme;"
    yield "proxy_buffering on;"
    for name in ("proxy-buffers", "proxy-buffer-size", "proxy-busy-buffers-size"):
        if name in entries:
            yield f"{name.replace('-', '_')} {entries[name]};"
    yield "proxy_pass http://airflow;"
    if "limit-req-rate" in annotations:
        burst = (
            f" burst={annotations['limit-req-burst']}" if "limit-req-burst" in annotations else ""
        )
        delay = " nodelay" if _on(annotations.get("limit-req-no-delay", "false")) else ""
        yield f"limit_req zone=airflow/airflow-ingress{burst}{delay};"
        yield f"limit_req_status {annotations.get('limit-req-reject-code', '429')};"


def _add_headers(annotation: str) -> Iterator[str]:
    for entry in filter(None, annotation.split(",")):
        name, value, *flag = entry.strip().split(":", 2)
        yield f'add_header {name} "{value}"{" always" if flag == ["always"] else ""};'


def _on(value: str) -> bool:
    return value.lower() == "true"
