"""The steps of the seed: each is announced before it is made, and can be repeated."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from terraform_runner.diagnostics import TerraformError
from terraform_runner.errors import RunError
from terraform_runner.plan import Plan
from terraform_runner.terraform import Terraform

from synthesis.links import Document
from tools.seed.states import NotReachableError, Place, SeedStates, may_still_come

HOME = ("azurerm_storage_container.states_seed_container", "azurerm_role_assignment.administrator_")
"""Beginnings of the addresses that a state in the account needs; what they need comes along."""
ROLES_COUNT = 600.0
"""Seconds after which a role that was given counts (learn.microsoft.com: "Troubleshoot Azure RBAC",
"Role assignment changes are not being detected")."""


_ASSIGNED = re.compile(r"RoleAssignmentExists.*?\b([0-9a-f]{32})\b", re.S)
_SCOPE = re.compile(r"(/subscriptions/[^\s\"()]+)")


class StoppedError(RunError):
    """Nothing more is made: somebody said no, or nobody could be asked."""

    status = 3


class Talk(Protocol):
    """How the steps talk to the person who started them."""

    def tell(self, text: str) -> None:
        """Say what is done next, or was done."""

    def agreed(self, question: str, *, deletes: bool) -> bool:
        """Ask whether to go on; `deletes` says that something would be gone."""


@dataclass(frozen=True, kw_only=True)
class Seeding:
    """Makes the seed, or what is missing of it."""

    states: SeedStates
    terraform: Terraform
    talk: Talk
    patience: float = ROLES_COUNT
    sleep: Callable[[float], None] = time.sleep

    def run(self, *, plan_only: bool = False) -> None:
        """Make every step that is not made yet.

        Raises:
            RunError: Terraform refused, or a state is not what it should be.
            StoppedError: somebody said no.
        """
        place = self._place()
        if place in (Place.NOWHERE, Place.LOCAL):
            if plan_only:
                self.talk.tell("The account of the states does not stand yet: this is all of it.")
                self.states.use_local()
                self._told(self.terraform.plan(self.states.folder))
                return
            self._make_home()
            self._move()
        elif place is Place.DONE:
            self.talk.tell("The state was moved before: its copy on this machine is deleted.")
            self.states.drop_local()
        self._make_the_rest(plan_only=plan_only)

    def _place(self) -> Place:
        self.talk.tell("Looking where the seed's state is.")
        try:
            place = self.states.find()
        except NotReachableError as error:
            raise RunError(
                f"the account of the states does not answer:\n{error}\n    fix: az login --tenant "
                "<tenant_id>; be a member of one of `administrators` in seed.toml; then run it "
                "again"
            ) from None
        if place is Place.SPLIT:
            raise RunError(
                f"there are two states of the seed: one in the account, {self.states.stack.backend}"
                f", and another on this machine, in {self.states.folder}\n    fix: keep the one "
                "that knows what stands in Azure (terraform state list), and move the other file "
                "away; nothing was changed"
            )
        return place

    def _make_home(self) -> None:
        self.talk.tell("Step 1 of 3: make the account of the states, with a state on this machine.")
        self.states.use_local()
        targets = [f"-target={address}" for address in home_of(self.states.stack.document)]
        plan = self.terraform.plan(self.states.folder, *targets)
        if plan.changes:  # outputs of what is made later are none of this step
            self._apply(plan, targets)

    def _move(self) -> None:
        self.talk.tell(
            "Step 2 of 3: move the state into the account. A role that was just given may count "
            "after ten minutes: it is tried until then."
        )
        waited, pause = 0.0, 15.0
        while True:
            try:
                self.states.move()
                break
            except TerraformError as error:
                if waited >= self.patience or not may_still_come(str(error)):
                    raise _kept(error) from None
            self.sleep(pause)
            waited += pause
        place = self._place()
        if place is not Place.DONE:
            raise RunError(
                f"after the move the state is {place.value}\n    fix: run it again; what is on "
                "this machine was kept"
            )
        self.states.drop_local()
        self.talk.tell("The state is in the account, and nowhere else.")

    def _make_the_rest(self, *, plan_only: bool) -> None:
        self.talk.tell("Step 3 of 3: plan the seed on the state in the account.")
        self.states.use_account()
        plan = self.terraform.plan(self.states.folder)
        if plan.empty:
            self.talk.tell("Nothing is to be changed.")
            return
        if plan_only:
            self._told(plan)
            return
        self._apply(plan, ())
        self.talk.tell("Planning once more: nothing may be left to do.")
        again = self.terraform.plan(self.states.folder)
        if not again.empty:
            left = ", ".join(f"{c.address} ({c.action})" for c in again.changes) or str(again)
            raise RunError(
                f"the plan after it is not empty: {left}\n    fix: run it again; if it stays, "
                "something else changes these resources"
            )

    def _apply(self, plan: Plan, options: Sequence[str]) -> None:
        self._told(plan)
        deletes = any(change.action.loses for change in plan.changes)
        if not self.talk.agreed(f"Make this ({plan})?", deletes=deletes):
            raise StoppedError("stopped: nothing of this step was made; run it again to go on")
        try:
            counts = self.terraform.apply(self.states.folder)
        except TerraformError as error:
            there = existing_of(error)
            if not there:
                raise
            self._take_in(there)
            return self._apply(self.terraform.plan(self.states.folder, *options), options)
        self.talk.tell(f"Done: {counts}.")
        return None

    def _take_in(self, there: Mapping[str, str]) -> None:
        """Import what exists in Azure already into the state, if the person agrees."""
        for address, identity in there.items():
            self.talk.tell(f"{identity} stands already, and no state knows it.")
            if not self.talk.agreed(f"Take it in as {address}?", deletes=False):
                raise StoppedError(
                    f"stopped: {identity} is not the seed's\n    fix: give another name in "
                    "seed.toml, or take it in"
                )
            self.terraform.import_(self.states.folder, address, identity)

    def _told(self, plan: Plan) -> None:
        for change in plan.changes:
            self.talk.tell(f"  {change.action} {change.address}")
        self.talk.tell(f"Plan: {plan}.")


def home_of(document: Document) -> Iterator[str]:
    """Yield the addresses of the resources that a state in the account needs."""
    for type_, named in document.get("resource", {}).items():
        yield from (f"{type_}.{name}" for name in named if f"{type_}.{name}".startswith(HOME))


def existing_of(error: TerraformError) -> dict[str, str]:
    """Return, by address, the ids of the resources that Terraform found to exist already.

    For a role assignment Azure's error has the id without hyphens and without its scope.
    """
    found = dict(error.existing)
    for diagnostic in error.diagnostics:
        said = f"{diagnostic.summary} {diagnostic.detail}"
        own, scope = _ASSIGNED.search(said), _SCOPE.search(said)
        if own and scope and diagnostic.address:
            path = "/providers/Microsoft.Authorization/roleAssignments/"
            found[diagnostic.address] = f"{scope[1].split(path)[0]}{path}{UUID(own[1])}"
    return found


def _kept(error: TerraformError) -> RunError:
    lock = error.lock
    unlock = f"; a killed run holds the lock: terraform force-unlock {lock['ID']}" if lock else ""
    return RunError(
        f"the state was not moved, and is kept on this machine:\n{error}\n    fix: be a member of "
        f"one of `administrators` in seed.toml, and run it again{unlock}"
    )
