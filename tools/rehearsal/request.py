"""What is asked of a rehearsal."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.rehearsal.errors import BadInputError
from tools.rehearsal.providers import Attachment
from tools.rehearsal.states import StateKind


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to rehearse, and how."""

    project: Path
    """The checkout: its cdktf.out, node_modules and rehearsal.toml are used."""
    variables: Mapping[str, str]
    """Environment variables of whoever asks."""
    environment: str | None = None
    stack: str | None = None
    attachment: Attachment = Attachment.REATTACH
    state: StateKind = StateKind.LOCAL
    keep: Path | None = None
    reference: str | None = None
    providers: Path | None = None
    """A folder with real providers, to validate with."""

    @property
    def binaries(self) -> Path:
        """Where npm has put its programs."""
        return self.project / "node_modules" / ".bin"

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            BadInputError: real providers are asked for more than they can tell without an account.
        """
        if self.providers and (self.reference or self.state is not StateKind.LOCAL):
            raise BadInputError(
                f"--providers {self.providers}: real providers validate; without an account they "
                "plan nothing and need no state",
                allowed="--providers with --environment, --stack, --keep, --json and --markdown",
                fix="leave out --from and --state, or --providers",
            )
