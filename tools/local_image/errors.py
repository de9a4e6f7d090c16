"""What keeps the image from being built here."""


class LocalImageError(Exception):
    """The image cannot be built on this machine; the message says why and what to do."""
