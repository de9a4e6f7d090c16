"""What keeps an image from being released."""


class ReleaseError(Exception):
    """The image is not released; the message says why and what to do."""
