"""TLS to PostgreSQL: libpq's `sslmode` for the driver that does not know it."""

import ssl

ENCRYPTED = ("require", "verify-ca", "verify-full")


def context(sslmode: str, sslrootcert: str | None) -> ssl.SSLContext:
    """Return what asyncpg needs to do the same as libpq with these two settings.

    Args:
        sslmode: one of ENCRYPTED; libpq's meaning ("SSL Support" in PostgreSQL's manual).
        sslrootcert: path of a PEM file with the roots to trust; None or `system` for the system's.

    Raises:
        OSError: the root certificate file cannot be read.
    """
    roots = None if sslrootcert in (None, "system") else sslrootcert
    made = ssl.create_default_context(cafile=roots)
    if sslmode != "verify-full":
        made.check_hostname = False
    if sslmode == "require":
        made.verify_mode = ssl.CERT_NONE
    return made
