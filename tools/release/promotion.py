"""Brings an image from one registry to the next, as it is, with its signatures."""

from pathlib import Path

from tools.release.errors import ReleaseError
from tools.release.registry import Image, Registries


def promote(registries: Registries, source: Image, repository: str, signers: Path) -> Image:
    """Copy an image by its digest, and return it where it is now. Safe to run again.

    Args:
        registries: where both are.
        source: with the tag that it gets, and the digest.
        repository: where to, with the registry.
        signers: certificates of who may have signed it.

    Raises:
        ReleaseError: nobody whom we trust signed it, it is not what its digest says, or the tag
            there is another image already.
    """
    if not (source.tag and source.digest):
        raise ReleaseError(f"{source}: promotion wants both, registry/path:tag@sha256:...")
    registries.verify(source, signers)
    target = Image(repository=repository, tag=source.tag)
    there = registries.digest_of(target)
    if there not in (None, source.digest):
        raise ReleaseError(
            f"{target} is {there} already, not {source.digest}: a tag is written once; build the "
            "commit again under a tag of its own"
        )
    registries.copy(source, target)
    arrived = Image(repository=repository, tag=source.tag, digest=source.digest)
    if registries.digest_of(target) != source.digest:
        raise ReleaseError(f"{target} is not {source.digest} after the copy")
    registries.verify(arrived, signers)
    return arrived
