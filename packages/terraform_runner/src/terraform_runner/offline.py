"""An environment in which Terraform and cdktf can reach and change nothing real."""

from collections.abc import Mapping
from pathlib import Path

# credentials, accounts and clusters of whoever runs it, and settings that bend Terraform
_DROPPED = ("ARM_", "AZURE_", "KUBE", "HELM_", "TF_", "CDKTF_", "TERRAFORM_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CLOSED = "http://127.0.0.1:9"  # the discard port: whoever tries is refused at once


def offline(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment for runs in `folder`; values of variables (TF_VAR_) stay."""
    kept = {
        name: value
        for name, value in environment.items()
        if name.startswith("TF_VAR_") or not (name.startswith(_DROPPED) or name.upper() in _PROXIES)
    }
    configuration = folder / "terraform.rc"
    configuration.write_text("disable_checkpoint = true\n")
    return kept | {
        "CHECKPOINT_DISABLE": "1",
        # Terraform lives for a second: what it saves by collecting garbage it never needs
        "GOGC": environment.get("GOGC", "400"),
        "TF_CLI_CONFIG_FILE": str(configuration),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "HTTP_PROXY": _CLOSED,
        "HTTPS_PROXY": _CLOSED,
        "NO_PROXY": "127.0.0.1,localhost",
    }
