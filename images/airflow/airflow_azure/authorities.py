"""Looks up a certificate authority when something is signed by it, and does not read all before.

Debian's `update-ca-certificates` writes each authority that the image trusts twice: into one file,
and into the file's folder, under a hash of its name. From the folder OpenSSL takes the one that it
needs. Of the file it reads all 144, 29 CPU ms, for each connection that Python's `requests` opens,
and for each client of Airflow's API. A task's pod did that six times.

The variables of the image go on naming the file, since some libraries read it themselves. It is
read as before where the folder does not hold exactly the same: a company's image may append to the
file, or mount another in its place. Authorities of a folder are not listed by
`SSLContext.get_ca_certs`, as Python says there.
"""

import os
import re
import ssl
from functools import cache
from pathlib import Path
from typing import Any

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # as `openssl rehash` names them
_END = b"-----END CERTIFICATE-----"


def look_up_when_needed() -> None:
    """Let each TLS context of this process take authorities from the file's folder."""
    contexts: Any = ssl.SSLContext
    load, load_default = contexts.load_verify_locations, contexts.set_default_verify_paths

    def load_verify_locations(
        context: Any, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        if isinstance(cafile, str) and not capath and (folder := same_folder(cafile)):
            cafile, capath = None, folder
        load(context, cafile, capath, cadata)

    def set_default_verify_paths(context: Any) -> None:
        paths = ssl.get_default_verify_paths()  # its file is that of SSL_CERT_FILE
        if not (paths.cafile and same_folder(paths.cafile)):
            load_default(context)
            return
        load_verify_locations(context, paths.cafile)
        # may be a list of folders, which `paths` does not tell
        load(context, None, os.environ.get(paths.openssl_capath_env) or paths.openssl_capath)

    contexts.load_verify_locations = load_verify_locations
    contexts.set_default_verify_paths = set_default_verify_paths


@cache
def same_folder(file: str) -> str | None:
    """Return the file's folder, if the authorities under a hash there are exactly the file's."""
    folder = Path(file).parent
    try:
        names = [name for name in os.listdir(folder) if _HASHED.fullmatch(name)]
        hashed = {(folder / name).read_bytes().strip() for name in names}
        whole = Path(file).read_bytes()
    except OSError:  # whoever reads the file says what is wrong with it
        return None
    parts = {(part + _END).strip() for part in whole.split(_END)[:-1]}
    return str(folder) if parts and parts == hashed and whole.rstrip().endswith(_END) else None
