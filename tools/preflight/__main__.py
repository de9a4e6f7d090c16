"""Ask a subscription whether it has what a deployment needs; it only reads.

Signs in with ARM_CLIENT_ID and ARM_CLIENT_SECRET where both are set, else as `az login` has done.
What the caller may not read is named, with the role that reads it, and is no failure.

Exit statuses: 0 nothing is wrong in what could be read; 1 something is; 2 it could not start: no
such environment, nothing synthesized, nobody signed in, no way to Azure, or no such subscription.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Annotated

import dns.resolver
import typer

from conventions import company
from conventions.faults import Fault, FaultError
from environments.load import read
from synthesis.reader import Synthesis
from tools.exit_status import Exit
from tools.options import Named, Out
from tools.preflight import offers, rights
from tools.preflight.dates import dates
from tools.preflight.delegation import delegation
from tools.preflight.deployment import Deployment
from tools.preflight.names import names
from tools.preflight.reaching import reaching
from tools.preflight.reading import Azure, NoAnswerError, NotThereError, UnreadError
from tools.preflight.ways_out import ways_out

app = typer.Typer(add_completion=False)
Check = Callable[[Deployment, Azure], Iterator[Fault]]


@app.command(help=__doc__)
def main(
    environment: Named,
    out: Out = None,
    name_server: Annotated[
        str, typer.Option(help="Address of a DNS server to ask, `address:port`.")
    ] = "",
    hosts: Annotated[
        bool, typer.Option("--hosts", help="Only list what a firewall must let through.")
    ] = False,
    reach: Annotated[
        bool,
        typer.Option("--reach", help="Also try the hosts of the deployment from this machine."),
    ] = False,
) -> None:
    """Check a subscription, and print what is wrong."""
    try:
        resolver = _resolver(name_server)
        synthesis = Synthesis.load(out or company.output(), company.home())
        stacks = synthesis.select(environment).stacks
        env = read(company.environments() / f"{environment}.toml")
        deployment = Deployment(env=env, stacks=stacks)
        _print_ways(deployment)
        if hosts:
            sys.exit(Exit.GOOD)
        azure = Azure.signed_in(env.tenant_id)
        _refuse_strangers(deployment, azure)
        sys.exit(_run(deployment, azure, resolver, reach=reach))
    except FaultError as error:
        typer.echo(error, err=True)
        sys.exit(Exit.BAD_INPUT)


def _run(
    deployment: Deployment, azure: Azure, resolver: dns.resolver.Resolver | None, *, reach: bool
) -> Exit:
    checks: Sequence[tuple[str, Check]] = (
        *([("ways out of this machine", lambda n, _: reaching(n))] if reach else []),
        ("resource providers", offers.providers),
        ("encryption at host", offers.host_encryption),
        ("sizes and zones", offers.sizes),
        ("quota of cores", offers.cores),
        ("database", offers.database),
        ("network watcher", offers.watcher),
        ("names", names),
        ("delegation of the zone", lambda n, a: delegation(n, a, resolver)),
        ("dates", lambda n, _: dates(n, date.today())),
        ("roles of the deployer", rights.deployer),
        ("permissions in Entra ID", rights.directory),
        ("consent in Entra ID", rights.consent),
    )
    wrong = unread = 0
    for title, check in checks:
        faults: list[Fault] = []
        try:
            for fault in check(deployment, azure):
                faults.append(fault)
        except (UnreadError, NotThereError) as error:
            unread += 1
            role = error.role if isinstance(error, UnreadError) else "registered first"
            typer.echo(f"?     {title}: could not be read: {error}\n      reads it: {role}")
        for fault in faults:
            typer.echo(f"wrong {title}: " + str(fault).replace("\n", "\n  "))
        wrong += len(faults)
        if not faults:
            typer.echo(f"ok    {title}")
    told = f"{wrong} to be fixed, {unread} that could not be read" if wrong or unread else "ready"
    typer.echo(f"preflight of {deployment.env.name}: {told}")
    return Exit.FAILED if wrong else Exit.GOOD


def _refuse_strangers(deployment: Deployment, azure: Azure) -> None:
    """Refuse a subscription that the caller does not see, or that is in another tenant.

    Raises:
        NoAnswerError: so nothing else could be said of it.
    """
    env = deployment.env
    key = f"subscription_id = {env.subscription_id}"
    try:
        found = azure.get(deployment.subscription, "2022-12-01")
    except (NotThereError, UnreadError) as error:
        fault = Fault(
            place=deployment.place,
            key=key,
            problem=f"you do not see it ({error})",
            allowed="a subscription on which you are at least Reader",
            fix="sign in as somebody who is, or correct it",
        )
        raise NoAnswerError([fault]) from None
    wrong = (
        f"is {found['state']}, not Enabled"
        if found["state"] != "Enabled"
        else f"is in the tenant {found['tenantId']}, not in tenant_id = {env.tenant_id}"
        if found["tenantId"].lower() != env.tenant_id.lower()
        else ""
    )
    if wrong:
        fix = "correct the environment file, or ask whoever owns the subscription"
        raise NoAnswerError([Fault(place=deployment.place, key=key, problem=wrong, fix=fix)])


def _resolver(given: str) -> dns.resolver.Resolver | None:
    if not given:
        return None
    address, _, port = given.rpartition(":")
    found = dns.resolver.Resolver(configure=False)
    try:
        found.nameservers, found.port = [address or given], int(port) if address else 53
    except ValueError:
        fault = Fault(
            place=f"--name-server {given}",
            problem="no address of a name server",
            allowed="an IPv4 address, with or without a port",
            fix="for example --name-server 10.0.0.4:53",
        )
        raise FaultError([fault]) from None
    return found


def _print_ways(deployment: Deployment) -> None:
    typer.echo(f"hosts that a firewall must let through for {deployment.env.name}, by TCP 443:")
    for way in ways_out(deployment):
        typer.echo(f"  {way.who:<9} {way.host:<52} {way.why}")


if __name__ == "__main__":
    app()
