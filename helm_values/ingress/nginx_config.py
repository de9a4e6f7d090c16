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
# `$uri` is the decoded path, so that an encoded one does not slip through. All of /auth/ counts:
# each page of it makes a row in the database for whoever has no session yet.
#
# `$forged` is a change that another site's page sends with the user's cookie: browsers say so in
# Sec-Fetch-Site (W3C, "Fetch Metadata Request Headers"); programs send no such header.
#
# `$climbs` is a path with `..`: nginx decides by the path without it, and sends on what came. What
# is closed here would be open by `/execution/variables/x/../../../dags`.
HTTP_SNIPPETS = r"""
map $uri $sign_in_client {
    default "";
    "~^/auth/static/" "";
    "~^/auth(/|$)" $binary_remote_addr;
}
map "$request_method $http_sec_fetch_site" $forged {
    default 1;
    "~^(GET|HEAD|OPTIONS) " "";
    "~^[A-Z]+ (same-origin|none)?$" "";
}
map $request_uri $climbs {
    default "";
    "~*^[^?]*(/|%2f)(\.|%2e){2}(/|%2f|\?|#|$)" 1;
}
map $request_uri $scripts_in_page {
    default "";
    "~^/(auth|pluginsv2)/" "'unsafe-inline'";
}
large_client_header_buffers 4 32k;
ssl_session_cache shared:tls_sessions:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
""".strip()

# What Airflow's pages may load: their own files only. Its pages for users and roles, and those of
# plugins that are made in the same way, have scripts in the page: in all others a script that
# somebody wrote into a text does not run. Styles are in every page, and the code view starts a
# worker from a blob.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' $scripts_in_page",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "frame-ancestors 'self'",
        "base-uri 'self'",
        "object-src 'none'",
        "form-action 'self'",
    )
)

# Tasks ask the execution API inside the cluster. Through the ingress a stolen token of a task would
# open every connection. The pages of API documentation load scripts from a public CDN, in Airflow's
# own origin: one of a changed script could do whatever the reader may. Cosmos's plugin has such
# pages too, and asks nobody for a session.
SERVER_SNIPPETS = rf"""
if ($forged) {{ return 403; }}
if ($climbs) {{ return 404; }}
location ~ ^/execution(/|$) {{ return 404; }}
location ~ ^/cosmos(/|$) {{ return 404; }}
location ~ ^(/auth)?/(docs|redoc)(/|$) {{ return 404; }}
add_header Content-Security-Policy "{CONTENT_SECURITY_POLICY}" always;
""".strip()

# The path without its query: the authorization code of a sign-in must not reach the logs.
LOG_FORMAT = """
{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method",
"host":"$host","path":"$request_uri_no_args","protocol":"$server_protocol",
"status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,
"upstream_seconds":"$upstream_response_time","upstream":"$upstream_addr",
"tls":"$ssl_protocol","agent":"$http_user_agent","request_id":"$request_id"}
""".strip()


def config_map(max_body_mib: int) -> dict[str, str]:
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
        "client-max-body-size": f"{max_body_mib}m",
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
        "server-snippets": SERVER_SNIPPETS,
    }
