"""The ConfigMap of the ingress controller: what NGINX does for every host.

Every key is one that controller 5.6 reads ("ConfigMap Resource" in its documentation).
"""

# Mozilla's "intermediate" profile without the finite-field ciphers; TLS 1.3 brings its own.
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)

# Requests are counted per client on these paths alone: nginx skips a limit whose key is empty.
# `$uri` is the decoded path, so that an encoded one does not slip through.
HTTP_SNIPPETS = r"""
map $uri $sign_in_client {
    default "";
    "~^/auth/(login|oauth-authorized|token)(/|$)" $binary_remote_addr;
}
large_client_header_buffers 4 32k;
ssl_session_cache shared:tls_sessions:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
""".strip()

# The path without its query: the authorization code of a sign-in must not reach the logs.
LOG_FORMAT = """
{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method",
"host":"$host","path":"$request_uri_no_args","protocol":"$server_protocol",
"status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,
"upstream_seconds":"$upstream_response_time","upstream":"$upstream_addr",
"tls":"$ssl_protocol","agent":"$http_user_agent","request_id":"$request_id"}
""".strip()


def config_map() -> dict[str, str]:
    """Return the entries of the controller's ConfigMap: what holds for every host."""
    return {
        "ssl-protocols": "TLSv1.2 TLSv1.3",
        "ssl-ciphers": ":".join(CIPHERS),
        "ssl-prefer-server-ciphers": "false",  # so that a phone may choose ChaCha20
        "hsts": "true",
        "hsts-max-age": str(2 * 365 * 24 * 3600),
        "ssl-redirect": "true",
        "http-redirect-code": "308",
        "http2": "true",
        "server-tokens": "false",
        "client-max-body-size": "16m",
        "proxy-connect-timeout": "10s",
        "proxy-read-timeout": "120s",
        "proxy-send-timeout": "60s",
        "proxy-buffer-size": "16k",
        "proxy-buffers": "8 16k",
        "proxy-busy-buffers-size": "32k",
        "keepalive": "32",
        "worker-processes": "2",  # "auto" would count the node's cores, not the pod's
        "worker-shutdown-timeout": "60s",
        "log-format-escaping": "json",
        "log-format": LOG_FORMAT,
        "http-snippets": HTTP_SNIPPETS,
    }
