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
from typing import Any

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # as `openssl rehash` names them


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
        paths = ssl.get_default_verify_paths()  # with SSL_CERT_FILE and SSL_CERT_DIR
        if not (paths.cafile and same_folder(paths.cafile)):
            load_default(context)
            return
        load_verify_locations(context, paths.cafile)
        if paths.capath:
            load(context, None, paths.capath)

    contexts.load_verify_locations = load_verify_locations
    contexts.set_default_verify_paths = set_default_verify_paths


@cache
def same_folder(file: str) -> str | None:
    """Return the file's folder, if the authorities under a hash there are all of the file's."""
    folder = os.path.dirname(file)
    try:
        with os.scandir(folder) as found:
            hashed = [each.stat() for each in found if _HASHED.fullmatch(each.name)]
        sizes = {(each.st_dev, each.st_ino): each.st_size for each in hashed}
        same = sum(sizes.values()) == os.path.getsize(file) > 0
    except OSError:  # whoever reads the file says what is wrong with it
        return None
    return folder if same else None
