"""What is asked of a rehearsal."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from terraform_runner.errors import BadInputError
from terraform_runner.plugins import usual_folder

from conventions import company
from conventions.company import PRODUCT, is_product
from tools.rehearsal.provider_sources import Attachment
from tools.rehearsal.states import StateKind


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to rehearse, and how."""

    project: Path
    """A checkout, or a company's repository: its stacks and rehearsal.toml are used."""
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
    loopback: bool = False
    """Whether the real providers deploy, too, to an Azure on this machine."""
    late_roles: float = 0
    """Seconds until a role counts in that Azure; 0: vaults ask for no role."""
    busy_servers: float = 0
    """Seconds that a database server of that Azure refuses the next change."""

    @property
    def output(self) -> Path:
        """Where its stacks are: what CDKTF_OUTDIR names is those of the company's folder."""
        own = self.project == company.home()
        return company.output().absolute() if own else self.project / "cdktf.out"

    @property
    def binaries(self) -> Path:
        """Where npm has put its programs: into the checkout of the product."""
        return self.product / "node_modules" / ".bin"

    @property
    def product(self) -> Path:
        """The checkout of the product."""
        return self.project if is_product(self.project) else PRODUCT

    @cached_property
    def plugins(self) -> Path | None:
        """The folder with real providers; for `--loopback` the first that Terraform has, too."""
        if self.providers or not self.loopback:
            return self.providers
        return usual_folder("azurerm", self.variables)

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            BadInputError: real providers are asked for more than they can tell without an account.
        """
        if self.loopback and not self.plugins:
            raise BadInputError(
                "--loopback: there is no azurerm in Terraform's plugin cache and plugin folders",
                fix="name the folder of azurerm and azuread with --providers",
            )
        for option, seconds in (
            ("--late-roles", self.late_roles),
            ("--busy-servers", self.busy_servers),
        ):
            if seconds and not self.loopback:
                raise BadInputError(
                    f"{option} {seconds:g}: only the Azure of --loopback answers late",
                    fix="add --loopback, or leave it out",
                )
        changes = self.reference and not self.loopback
        if self.plugins and (changes or self.state is not StateKind.LOCAL):
            raise BadInputError(
                f"--providers {self.plugins}: without --loopback real providers validate and do no "
                "more, and none of them knows the production backend",
                allowed="--providers with --loopback, --environment, --stack, --keep, --json and "
                "--markdown; and with --loopback --from, too",
                fix="add --loopback to --from, and leave out --state; or leave out --providers",
            )
