"""A company's repository: rendered from a tag, verified, and brought to the next tag."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import CopierError
from jsonschema import Draft7Validator

from conventions.stack_names import STACKS
from environments.load import load, read_seed
from tests.environment_files import DEV, ROOT
from tests.pipelines.agents import foreign_text, violations
from tests.templates.repositories import commit, git
from tools.pipeline_yaml.conditions import UNREVIEWED, Run, jobs_of
from tools.pipeline_yaml.expand import expand

Command = Callable[..., subprocess.CompletedProcess[str]]
OF_AZURE = {
    *("azure-pipelines.yml", "destroy.yml", "hibernation.yml", "image.yml", "restore-drill.yml")
}
ANSWERS = {"repository": "platform-repository", "company": "Contoso", "pipelines": "both"}
NETWORKS = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-net"
    "/providers/Microsoft.Network"
)
ZONES = f"""
[network.dns]
blob = "{NETWORKS}/privateDnsZones/privatelink.blob.core.windows.net"
dfs = "{NETWORKS}/privateDnsZones/privatelink.dfs.core.windows.net"
key_vault = "{NETWORKS}/privateDnsZones/privatelink.vaultcore.azure.net"
"""
NETWORK = f"""
[network.given]
virtual_network_id = "{NETWORKS}/virtualNetworks/vnet-spoke"
aks_nodes_subnet_id = "{NETWORKS}/virtualNetworks/vnet-spoke/subnets/nodes"
aks_api_server_subnet_id = "{NETWORKS}/virtualNetworks/vnet-spoke/subnets/api"
postgres_subnet_id = "{NETWORKS}/virtualNetworks/vnet-spoke/subnets/postgres"
private_endpoints_subnet_id = "{NETWORKS}/virtualNetworks/vnet-spoke/subnets/endpoints"
nat_gateway_id = "{NETWORKS}/natGateways/ng-spoke"
"""
REGISTRY = (
    'given_id = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-images'
    '/providers/Microsoft.ContainerRegistry/registries/crcompany"\n\n[m'
)
COMPANY = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-company/providers"
VAULT = f"""[key_vault]
given_id = "{COMPANY}/Microsoft.KeyVault/vaults/kv-company"
expire_on = "2027-12-01"
"""
WORKSPACE = f"""
[monitoring.given_workspace]
id = "{COMPANY}/Microsoft.OperationalInsights/workspaces/log-company"
customer_id = "12345678-1234-4234-8234-123456789013"
"""
APPLICATION = """[single_sign_on]
application_id = "12345678-1234-4234-8234-123456789012"

[teams."""


@pytest.fixture(scope="module")
def product(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's Git repository with two versions."""
    folder = tmp_path_factory.mktemp("git") / "airflow-on-azure"
    git(platform, "clone", "--quiet", "--branch=1.0.0", str(platform), str(folder))
    git(folder, "rm", "--quiet", ".cache", ".tools")  # links to what is installed here
    commit(folder)
    git(folder, "tag", "--force", "1.0.0")
    made = folder / "templates" / "platform-repository" / "Makefile.jinja"
    made.write_text(made.read_text().replace("## Check everything:", "## Check it all:"))
    tags = folder / "conventions" / "tag_keys.py"
    tags.write_text(tags.read_text().replace('"managed-by"', '"kept-by"'))
    example = folder / "environments" / "dev.toml"
    example.write_text(example.read_text() + "# of version 2\n")
    commit(folder, "2.0.0")
    return folder


def render(source: Path, target: Path, **answers: Any) -> Path:
    """Answer the questions, and commit what comes out."""
    copier.run_copy(
        f"git+file://{source}",
        target,
        vcs_ref="1.0.0",
        data=ANSWERS | answers,
        defaults=True,
        quiet=True,
    )
    git(target, "init", "--quiet", "--initial-branch=main")
    commit(target)
    return target


@pytest.fixture(scope="module")
def rendered(product: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's repository, as it was made; no test changes it."""
    return render(product, tmp_path_factory.mktemp("rendered") / "platform")


@pytest.fixture(scope="module")
def cache(product: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of a machine: both versions, in which what is installed here is installed."""
    cache = tmp_path_factory.mktemp("cache")
    for tag in ("1.0.0", "2.0.0"):
        version = cache / "versions" / git(product, "rev-parse", tag)
        git(product, "clone", "--quiet", f"--branch={tag}", str(product), str(version))
        for name in (".venv", "node_modules", ".tools", ".cache"):
            (version / name).mkdir()
            for installed in (ROOT / name).iterdir() if (ROOT / name).exists() else ():
                if not installed.name.startswith((".ready", ".synth", ".node")):
                    (version / name / installed.name).symlink_to(installed.resolve())
        for marker in (".venv/.synth", ".venv/.ready", "node_modules/.ready", ".tools/.node"):
            (version / marker).touch()
    return cache


@pytest.fixture(scope="module")
def call(cache: Path) -> Command:
    """Run a command in a company's repository, on a machine that has both versions."""

    def called(repository: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=repository,
            env={**os.environ, "AIRFLOW_ON_AZURE_CACHE": str(cache)},
            capture_output=True,
            text=True,
            check=False,
        )

    return called


@pytest.fixture(scope="module")
def landing_zone(product: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of a company whose landing zone is other teams': network, zones and the rest.

    Both environments are reached from one network of agents; the second is dev again, with names
    and addresses of its own, and only zones and application of other teams.
    """
    repository = render(
        product, tmp_path_factory.mktemp("zone") / "platform", environments=["dev", "test"]
    )
    dev = DEV.read_text()
    theirs = dev[dev.index("[single_sign_on]") : dev.index("[teams.")] + "[teams."
    dev = dev.replace(theirs, APPLICATION) + ZONES
    own_vault = dev[dev.index("[key_vault]") : dev.index("\n[kubernetes]")]
    given = dev.replace("retention_days = 7\n\n[m", REGISTRY).replace(own_vault, VAULT)
    assert all(table in given for table in (REGISTRY, VAULT))
    test = dev.replace('name = "dev"', 'name = "test"\nlike = "dev"').replace("10.40.", "10.41.")
    test = test.replace("airflow.dev.", "airflow-test.dev.").replace("tfstate-dev", "tfstate-test")
    (repository / "environments" / "dev.toml").write_text(given + NETWORK + WORKSPACE)
    (repository / "environments" / "test.toml").write_text(test)
    commit(repository)
    return repository


def test_the_version_is_pinned_by_its_tag_and_its_commit(rendered: Path, product: Path) -> None:
    pin = (rendered / "product.toml").read_text()

    assert f'repository = "file://{product}"' in pin
    assert 'version = "1.0.0"' in pin
    assert f'commit = "{git(product, "rev-parse", "1.0.0")}"' in pin


def test_it_starts_with_the_examples_and_the_schema_of_its_version(
    rendered: Path, product: Path
) -> None:
    for name in ("environment.schema.json", "prod.toml"):
        example = git(product, "show", f"1.0.0:environments/{name}")
        assert (rendered / "environments" / name).read_text().strip() == example


@pytest.mark.parametrize(
    ("question", "answer", "explanation"),
    [
        ("company", " ", "say for whom"),
        ("product_repository", "https://me:secret@example.com/x", "without a password"),
        ("product_repository", "/some/folder", "is not the address of a Git repository"),
        ("environments", "dev", "is not a list of names"),
        ("environments", ["dev", "dev"], "is not a list of names"),
        ("environments", ["Dev"], "is not a list of names"),
    ],
)
def test_a_wrong_answer_is_refused(
    templates: Path, tmp_path: Path, question: str, answer: Any, explanation: str
) -> None:
    with pytest.raises((ValueError, CopierError), match=explanation):
        render(templates, tmp_path, **{question: answer})


@pytest.mark.parametrize(
    ("pipelines", "there"),
    [
        ("azure-devops", OF_AZURE),
        ("github-actions", {".github"}),
    ],
)
def test_only_the_pipelines_that_were_asked_for_are_there(
    templates: Path, tmp_path: Path, pipelines: str, there: set[str]
) -> None:
    repository = render(templates, tmp_path, pipelines=pipelines)

    pipelines_of_both = OF_AZURE | {".github"}
    assert pipelines_of_both & {f.name for f in repository.iterdir()} == there


def test_github_alone_has_the_same_workflows_as_beside_azure_devops(
    templates: Path, rendered: Path, tmp_path: Path
) -> None:
    repository = render(templates, tmp_path, pipelines="github-actions")

    workflows = Path(".github", "workflows")
    found = {file.name for file in (repository / workflows).iterdir()}
    assert found == {file.name for file in (rendered / workflows).iterdir()}


def test_each_environment_of_the_answer_begins_as_an_example(
    templates: Path, tmp_path: Path
) -> None:
    repository = render(templates, tmp_path, environments=["tst", "dev", "live"])

    found = load(sorted((repository / "environments").glob("*.toml")))
    seed = read_seed(repository / "seed.example.toml")
    assert {env.name: env.kind for env in found} == {"tst": "dev", "dev": "dev", "live": "prod"}
    assert list(seed.environments) == ["tst", "dev", "live"]


def test_what_development_may_break_comes_with_an_environment_like_it(
    templates: Path, tmp_path: Path
) -> None:
    with_two = render(templates, tmp_path / "with", environments=["tst", "acc", "live"])
    without = render(templates, tmp_path / "without", environments=["live"])

    def policy(repository: Path, name: str) -> Any:
        return tomllib.loads((repository / "policy" / f"{name}.toml").read_text())

    (accepted,) = policy(with_two, "accepted_paths")["accepted"]
    assert accepted["environments"] == ["acc", "tst"]
    assert policy(with_two, "waivers")["waiver"]
    assert (policy(without, "accepted_paths"), policy(without, "waivers")) == ({}, {})


def test_no_command_of_a_company_names_an_environment_that_it_does_not_have(
    templates: Path, tmp_path: Path
) -> None:
    repository = render(templates, tmp_path, environments=["live"])

    owned = "|".join((*STACKS, "tfstate"))
    named = re.compile(rf"(?:environment[= ]|environments[/.]|(?:{owned})-)(?:dev|prod)\b", re.I)
    files = [*repository.rglob("*.y*ml"), *repository.rglob("*.toml")]
    files += [repository / name for name in ("Makefile", "README.md", "product")]
    assert [
        (file.name, found) for file in files if (found := named.findall(file.read_text()))
    ] == []


def test_the_page_adds_an_environment_before_the_last_of_those_that_are_there(
    templates: Path, tmp_path: Path
) -> None:
    repository = render(templates, tmp_path, environments=["tst", "acc", "live"])

    page = (repository / "README.md").read_text()

    assert "--data 'environments=[tst, acc, test, live]'" in page


def azure(repository: Path) -> Any:
    return yaml.safe_load((repository / "azure-pipelines.yml").read_text())


@pytest.mark.parametrize(
    "address", ["", "https://dev.azure.com/contoso/platform/_git/airflow-on-azure"]
)
def test_azure_devops_accepts_the_pipeline(
    templates: Path, tmp_path: Path, pipelines_schema: Any, address: str
) -> None:
    repository = render(templates, tmp_path, **({"product_repository": address} if address else {}))
    pipeline = azure(repository)

    found = [error.message for error in Draft7Validator(pipelines_schema).iter_errors(pipeline)]

    assert found == []
    assert ("resources" in pipeline) is bool(address)


@pytest.mark.parametrize("name", ["destroy.yml", "hibernation.yml", "restore-drill.yml"])
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_operation_of_azure_devops_waits_for_the_approval_of_its_environment(
    rendered: Path, pipelines_schema: Any, name: str, environment: str
) -> None:
    pipeline = expand(rendered / name, environment=environment)

    assert list(Draft7Validator(pipelines_schema).iter_errors(pipeline)) == []
    assert violations(pipeline) == []
    (job,) = pipeline["stages"][0]["jobs"]
    assert job["environment"] == f"airflow-{environment}"


def test_azure_devops_builds_signs_and_promotes_the_image_apart(
    rendered: Path, pipelines_schema: Any
) -> None:
    pipeline = expand(rendered / "image.yml")

    assert list(Draft7Validator(pipelines_schema).iter_errors(pipeline)) == []
    assert violations(pipeline) == []
    build, promote = pipeline["stages"]
    assert [job["job"] for job in build["jobs"]] == ["build", "sign"]
    (job,) = promote["jobs"]
    assert job["environment"] == "airflow-prod"


@pytest.mark.parametrize("run", UNREVIEWED, ids=lambda run: run.name)
def test_an_image_of_what_nobody_has_reviewed_is_not_built(rendered: Path, run: Run) -> None:
    assert list(jobs_of(expand(rendered / "image.yml"), run)) == []


def test_github_promotes_the_image_from_environment_to_environment(
    templates: Path, tmp_path: Path
) -> None:
    repository = render(templates, tmp_path, environments=["dev", "test", "prod"])
    file = repository / ".github" / "workflows" / "image.yml"

    jobs = yaml.safe_load(file.read_text())["jobs"]
    assert jobs["promote_test"]["needs"] == ["build", "sign"]
    assert jobs["promote_prod"]["needs"] == ["build", "sign", "promote_test"]
    assert jobs["promote_prod"]["environment"] == "airflow-prod"


@pytest.mark.parametrize("pipeline", ["azure-pipelines.yml", ".github/workflows/platform.yml"])
def test_a_deployment_asks_for_the_image_between_platform_and_airflow(
    rendered: Path, pipeline: str
) -> None:
    text = (rendered / pipeline).read_text()

    steps = re.findall(r"deploy (?:platform|airflow)-dev|check-image[.]sh dev", text)
    order = [step for number, step in enumerate(steps) if step not in steps[:number]]
    assert order == ["deploy platform-dev", "check-image.sh dev", "deploy airflow-dev"]


def test_an_operation_of_github_waits_for_the_reviewers_of_its_environment(
    rendered: Path,
) -> None:
    file = rendered / ".github" / "workflows" / "operations.yml"

    jobs = yaml.safe_load(file.read_text())["jobs"]
    assert set(jobs) == {"restore_drill", "destroy"}
    for job in jobs.values():
        assert job["environment"] == "airflow-${{ inputs.environment || 'dev' }}"
        assert job["if"].startswith("github.ref == 'refs/heads/main' && ")
    assert "schedule" not in jobs["destroy"]["if"]
    assert "${{" not in "".join(step.get("run", "") for step in jobs["destroy"]["steps"])


def test_hibernation_on_github_costs_nothing_until_it_is_switched_on(rendered: Path) -> None:
    file = rendered / ".github" / "workflows" / "hibernation.yml"

    (job,) = yaml.safe_load(file.read_text())["jobs"].values()
    assert "github.ref == 'refs/heads/main'" in job["if"]
    assert "vars.HIBERNATION == 'on'" in job["if"]
    assert job["environment"] == "airflow-${{ inputs.environment || 'dev' }}"
    assert "${{" not in "".join(step.get("run", "") for step in job["steps"])


def test_environments_are_deployed_in_the_order_of_the_answer(
    templates: Path, tmp_path: Path
) -> None:
    repository = render(templates, tmp_path, environments=["dev", "test", "prod"])

    after = {stage["stage"]: stage.get("dependsOn") for stage in azure(repository)["stages"]}
    assert after["plan_test"] == "deploy_dev"
    assert after["plan_prod"] == "deploy_test"
    jobs = github(repository)["jobs"]
    assert (jobs["plan_test"]["needs"], jobs["plan_prod"]["needs"]) == (
        "deploy_dev",
        "deploy_test",
    )


def test_agents_and_connections_of_azure_devops_are_kept_apart(rendered: Path) -> None:
    assert violations(azure(rendered)) == []


@pytest.mark.parametrize("name", sorted(OF_AZURE))
def test_nobody_else_writes_into_the_scripts_of_azure_devops(rendered: Path, name: str) -> None:
    assert foreign_text(rendered / name) == []


@pytest.mark.parametrize("run", UNREVIEWED, ids=lambda run: run.name)
def test_what_nobody_has_reviewed_is_not_deployed(rendered: Path, run: Run) -> None:
    reached = {place.split("/")[0] for place, _ in jobs_of(azure(rendered), run)}

    assert not [stage for stage in reached if stage.startswith(("plan_", "deploy_", "drift"))]


def github(repository: Path) -> Any:
    return yaml.safe_load((repository / ".github" / "workflows" / "platform.yml").read_text())


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("workflows/platform.yml", "github-workflows.json"),
        ("workflows/hibernation.yml", "github-workflows.json"),
        ("workflows/image.yml", "github-workflows.json"),
        ("workflows/operations.yml", "github-workflows.json"),
        ("actions/product/action.yml", "github-actions.json"),
    ],
)
def test_github_accepts_its_files(rendered: Path, file: str, schema: str) -> None:
    brought = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / schema
    content = yaml.safe_load((rendered / ".github" / file).read_text())
    if True in content:  # by YAML's own rules the key `on` is a boolean
        content["on"] = content.pop(True)

    errors = Draft7Validator(json.loads(brought.read_text())).iter_errors(content)

    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []


def test_on_github_a_pull_request_signs_in_for_a_review_alone_and_a_fork_not_at_all(
    rendered: Path,
) -> None:
    signs_in = {name: job for name, job in github(rendered)["jobs"].items() if "permissions" in job}

    assert set(signs_in) == {
        f"{what}_{environment}"
        for what in ("review", "plan", "deploy", "drift")
        for environment in ("dev", "prod")
    }
    for name, job in signs_in.items():
        what, environment = name.split("_")
        if what == "review":
            assert "head.repo.full_name == github.repository" in job["if"]
            assert job["environment"] == f"airflow-{environment}-review"
        elif what == "drift":
            assert job["if"] == "github.event_name == 'schedule'"
        else:
            assert job["if"].startswith("github.ref == 'refs/heads/main' && ")
        pool = {"review": "untrusted", "plan": "plan", "deploy": "deploy", "drift": "plan"}[what]
        assert job["runs-on"] == ["self-hosted", f"airflow-{pool}"]


OWN, FORK = "contoso/platform", "somebody/platform"


def of_event(name: str, ref: str, head: str = "") -> dict[str, str]:
    """Return what the conditions of a workflow ask of a run."""
    return {
        "github.event_name": name,
        "github.ref": ref,
        "github.repository": OWN,
        "github.event.pull_request.head.repo.full_name": head,
    }


def started(jobs: dict[str, Any], event: dict[str, str]) -> set[str]:
    """Return the jobs that GitHub starts, if all that ran before was good: `&&`, `==`, `!=`."""

    def value(text: str) -> str:
        return text.strip("'") if text.startswith("'") else event[text]

    def holds(term: str) -> bool:
        one, sign, other = term.split()
        return (value(one) == value(other)) is {"==": True, "!=": False}[sign]

    def runs(job: dict[str, Any]) -> bool:
        needed = job.get("needs", [])
        before = [needed] if isinstance(needed, str) else needed
        # a job is skipped with any that it needs
        return all(map(holds, job["if"].split(" && "))) and all(runs(jobs[n]) for n in before)

    return {name for name, job in jobs.items() if runs(job)}


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (of_event("pull_request", "refs/pull/7/merge", OWN), {"verify", "review"}),
        (of_event("push", "refs/heads/main"), {"verify", "plan", "deploy"}),
        (of_event("push", "refs/heads/mine"), {"verify"}),
        (of_event("schedule", "refs/heads/main"), {"drift"}),
    ],
    ids=lambda value: value["github.ref"] if isinstance(value, dict) else "",
)
def test_github_starts_in_each_run_what_it_is_for(
    rendered: Path, event: dict[str, str], kinds: set[str]
) -> None:
    found = started(github(rendered)["jobs"], event)

    assert {name.partition("_")[0] for name in found} == kinds


def test_a_fork_s_pull_request_starts_nothing_on_github_that_signs_in(rendered: Path) -> None:
    jobs = github(rendered)["jobs"]

    found = started(jobs, of_event("pull_request", "refs/pull/8/merge", FORK))

    assert found == {"verify", "review"}
    assert not [name for name in found if "permissions" in jobs[name]]


def test_every_action_is_pinned_by_its_commit(rendered: Path) -> None:
    files = (rendered / ".github").rglob("*.yml")
    lines = [line for file in files for line in file.read_text().splitlines() if "uses: " in line]

    loose = [line for line in lines if not re.search(r"uses: (\./|\S+@[0-9a-f]{40} # v)", line)]
    assert loose == []


def test_what_is_merged_takes_nothing_on_github_that_another_job_kept(rendered: Path) -> None:
    action = rendered / ".github" / "actions" / "product" / "action.yml"
    steps = yaml.safe_load(action.read_text())["runs"]["steps"]

    (cache,) = (step for step in steps if step.get("uses", "").startswith("actions/cache@"))
    assert cache["if"] == "github.event_name == 'pull_request'"


def test_the_product_is_fetched_once_for_a_machine(rendered: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "AIRFLOW_ON_AZURE_CACHE": str(tmp_path)}
    done = [
        subprocess.run(["./product"], cwd=rendered, env=environment, capture_output=True, text=True)
        for _ in range(2)
    ]

    assert [one.returncode for one in done] == [0, 0], done
    assert done[0].stdout == done[1].stdout
    assert [one.stderr for one in done] == ["fetching Airflow on Azure 1.0.0\n", ""]
    assert (Path(done[0].stdout.strip()) / "main.py").exists()


def test_a_tag_that_was_moved_is_refused(product: Path, tmp_path: Path) -> None:
    repository = render(product, tmp_path / "ours")
    pin = repository / "product.toml"
    pin.write_text(pin.read_text().replace('version = "1.0.0"', 'version = "2.0.0"'))

    done = subprocess.run(
        ["./product"],
        cwd=repository,
        env={**os.environ, "AIRFLOW_ON_AZURE_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "somebody has moved the tag" in done.stderr
    assert not list((tmp_path / "cache" / "versions").glob("[0-9a-f]*"))


def test_a_version_that_somebody_changed_on_the_machine_is_refused(
    rendered: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "AIRFLOW_ON_AZURE_CACHE": str(tmp_path)}
    first = subprocess.run(
        ["./product"], cwd=rendered, env=environment, capture_output=True, text=True, check=True
    )
    (Path(first.stdout.strip()) / "main.py").write_text("print('mine')\n")

    done = subprocess.run(
        ["./product", "python", "-V"],
        cwd=rendered,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "is not the commit" in done.stderr
    assert "main.py" in done.stderr


def test_a_landing_zone_with_two_environments_is_verified(
    landing_zone: Path, call: Command
) -> None:
    done = call(landing_zone, "make", "verify")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken, 0 stale waivers" in done.stdout
    assert "good in" in done.stdout
    assert sorted(p.name for p in (landing_zone / "cdktf.out" / "stacks").glob("network-*")) == [
        "network-dev",
        "network-test",
    ]
    assert git(landing_zone, "status", "--porcelain") == ""


def test_runbooks_and_pictures_are_built_beside_the_environments(
    landing_zone: Path, call: Command
) -> None:
    done = call(landing_zone, "make", "docs", "diagram")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (landing_zone / "site" / "how-to" / "operate" / "index.html").is_file()
    drawn = {file.name for file in (landing_zone / "diagram").iterdir()}
    assert drawn == {"dev.html", "test.html"}
    assert git(landing_zone, "status", "--porcelain") == ""


def test_the_next_version_comes_by_an_update_that_marks_a_conflict_and_is_rehearsed(
    landing_zone: Path, product: Path, call: Command
) -> None:
    made = landing_zone / "Makefile"
    made.write_text(made.read_text().replace("## Check everything:", "## Check our values:"))
    commit(landing_zone)
    before = (landing_zone / "environments" / "dev.toml").read_text()

    copier.run_update(
        landing_zone, vcs_ref="2.0.0", defaults=True, overwrite=True, conflict="inline", quiet=True
    )

    merged = made.read_text()
    assert "<<<<<<< before updating" in merged
    assert "## Check our values:" in merged
    assert "## Check it all:" in merged
    assert (landing_zone / "environments" / "dev.toml").read_text() == before
    assert not (landing_zone / "environments" / "prod.toml").exists()
    assert git(product, "rev-parse", "2.0.0") in (landing_zone / "product.toml").read_text()

    git(landing_zone, "checkout", "HEAD", "Makefile")  # ours, by a person
    synth = call(landing_zone, "make", "synth")
    assert synth.returncode == 0, synth.stdout + synth.stderr
    done = call(
        *(landing_zone, "./product", "python", "-m", "tools.rehearsal"),
        *("--from", "HEAD", "--environment", "dev", "--stack", "network-dev", "--json"),
    )

    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept-by" in done.stdout
    assert "Airflow on Azure 1.0.0 → 2.0.0" in str(report)
