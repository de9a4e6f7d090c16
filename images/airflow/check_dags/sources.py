"""What is plain from a file's text alone: secrets, old templates, the database, dates, reads."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, TemplateError, nodes

from .findings import Finding

HOLDS_SECRET = re.compile(
    r"(^|[_-])(password|passwd|pwd|secret|token|api_?key|account_?key|access_?key|secret_?key|"
    r"sas_?token)$",
    re.I,
)
IS_SECRET = {
    "a storage account's key": re.compile(r"AccountKey=[A-Za-z0-9+/]{40,}|^[A-Za-z0-9+/]{86}==$"),
    "a shared access signature": re.compile(r"[?&;]sig=[A-Za-z0-9%+/]{20,}|SharedAccessSignature="),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a password in an address": re.compile(r"\w+://[^\s/:@{]+:[^\s/@{]+@[^\s/]+"),
}
# they name a secret that is kept elsewhere
REFERENCE = re.compile(r"\{\{|\$\{|^$|^[A-Z][A-Z0-9_]*$|^(None|null|x+|\*+|<.*>)$")
MODELS = {"DagRun", "TaskInstance", "DagModel", "Log", "SlaMiss", "SerializedDagModel", "XCom"}
SESSIONS = {"create_session", "provide_session"}
EARLY = {("Variable", "get"), ("Connection", "get"), ("BaseHook", "get_connection")}
NO_VAULT = "The DAG processor has no vault and no secrets, so the import fails there"
# What templates had in Airflow 2 and lack in Airflow 3, with what to write where one name does.
GONE = {
    "conf": "",
    "execution_date": "logical_date",
    "expanded_ti_count": "",
    "next_ds": "data_interval_end | ds",
    "next_ds_nodash": "data_interval_end | ds_nodash",
    "next_execution_date": "data_interval_end",
    "prev_ds": "",
    "prev_ds_nodash": "",
    "prev_execution_date": "",
    "prev_execution_date_success": "prev_data_interval_start_success",
    "test_mode": "",
    "tomorrow_ds": "macros.ds_add(ds, 1)",
    "tomorrow_ds_nodash": "",
    "triggering_dataset_events": "triggering_asset_events",
    "yesterday_ds": "macros.ds_add(ds, -1)",
    "yesterday_ds_nodash": "",
}
PROSE = {"description", "doc", "doc_json", "doc_md", "doc_rst", "doc_yaml"}  # no templates
TEMPLATES_PAGE = "https://airflow.apache.org/docs/apache-airflow/stable/templates-ref.html"
NOW = {"now", "utcnow", "today"}
DATES = {"start_date", "end_date"}


def findings_in(file: Path) -> Iterator[Finding]:
    """Yield what a file's text shows; a file that is not Python shows nothing."""
    tree = parsed(file)
    for check in (_secrets, _templates, _metadata, _early_reads, _dates):
        for line, rule, problem, remedy in check(tree):
            yield Finding(file, line, rule, problem, remedy)


def parsed(file: Path) -> ast.Module:
    """Return what a file says; what is no Python, as an archive of DAGs, says nothing."""
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        return ast.Module([], [])


Found = Iterator[tuple[int, str, str, str]]


def _secrets(tree: ast.AST) -> Found:
    remedy = (
        "Renew it, as everybody who can read the repository knows it now; then keep it in a "
        "connection: docs/how-to/authors/get-a-connection.md"
    )
    for node in ast.walk(tree):
        for name, value in _named_strings(node):
            # the value is never shown: this text ends in the pipeline's log
            if HOLDS_SECRET.search(name) and not REFERENCE.search(str(value.value)):
                yield _line(value), "secret", f"a secret stands in the file, as {name}", remedy
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for what, pattern in IS_SECRET.items():
                if pattern.search(node.value):
                    yield node.lineno, "secret", f"{what} stands in the file", remedy


def _line(node: ast.AST) -> int:
    """Return a node's line; a keyword's is that of its value."""
    return int(getattr(node, "lineno", 0) or getattr(getattr(node, "value", None), "lineno", 1))


def _named_strings(node: ast.AST) -> Iterator[tuple[str, ast.Constant]]:
    """Yield the strings that a node gives a name to."""
    pairs: list[tuple[object, ast.expr | None]] = []
    if isinstance(node, ast.Assign):
        pairs = [(_last_name(target), node.value) for target in node.targets]
    elif isinstance(node, ast.AnnAssign):
        pairs = [(_last_name(node.target), node.value)]
    elif isinstance(node, ast.keyword):
        pairs = [(node.arg, node.value)]
    elif isinstance(node, ast.Dict):
        keys = (getattr(key, "value", None) for key in node.keys)
        pairs = list(zip(keys, node.values, strict=True))
    elif isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        named = [*positional[len(positional) - len(node.defaults) :], *node.kwonlyargs]
        defaults = [*node.defaults, *node.kw_defaults]
        pairs = [(arg.arg, value) for arg, value in zip(named, defaults, strict=True)]
    for name, value in pairs:
        text = value.value if isinstance(value, ast.Constant) else None
        if isinstance(value, ast.Constant) and isinstance(text, str) and isinstance(name, str):
            yield name, value


def _templates(tree: ast.AST) -> Found:
    own = _own_macros(tree)
    if own is None:
        return
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in PROSE:
            prose |= {id(part) for part in ast.walk(node.value)}
        prose |= {id(value) for name, value in _named_strings(node) if name in PROSE}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in prose:
            continue
        for name in sorted((_read_by(node.value) & GONE.keys()) - own):
            write = f"Write {{{{ {GONE[name]} }}}}: " if GONE[name] else "What there is: "
            problem = f"templates have no {name} in Airflow 3"
            yield node.lineno, "removed", problem, f"{write}{TEMPLATES_PAGE}"


def _read_by(text: object) -> set[str]:
    """Return the names that a template reads and does not set itself; a part of one reads none."""
    if not isinstance(text, str) or not ("{{" in text or "{%" in text):
        return set()
    try:
        template = Environment(autoescape=True).parse(text)
    except TemplateError:
        return set()
    names = list(template.find_all(nodes.Name))
    asked = [
        each.node
        for each in template.find_all((nodes.Test, nodes.Filter))
        if each.name in {"defined", "undefined", "default", "d"}
    ]
    lacking = {node.name for node in asked if isinstance(node, nodes.Name)}
    return {n.name for n in names} - {n.name for n in names if n.ctx != "load"} - lacking


def _own_macros(tree: ast.AST) -> set[str] | None:
    """Return the names that DAGs of a file add to templates; None if the file does not say them.

    Nor does one say that fills templates of its own by Jinja.
    """
    own: set[str] = set()
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(module.partition(".")[0] == "jinja2" for module in modules):
            return None
        if isinstance(node, ast.keyword) and node.arg == "user_defined_macros":
            keys = node.value.keys if isinstance(node.value, ast.Dict) else [None]
            names = [getattr(key, "value", None) for key in keys]
            if None in names:
                return None
            own |= set(map(str, names))
    return own


def _metadata(tree: ast.AST) -> Found:
    remedy = (
        "In Airflow 3 tasks do not reach that database: ask the REST API, or the task's own "
        "context (dag_run, ti). https://airflow.apache.org/docs/apache-airflow/stable/installation/"
        "upgrading_to_airflow3.html"
    )
    models = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airflow.models")
        for alias in node.names
        if alias.name in MODELS
    }
    for node in ast.walk(tree):
        found = ""
        if isinstance(node, ast.ImportFrom) and node.module == "airflow.settings":
            found = next((a.name for a in node.names if a.name in {"Session", "engine"}), "")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airflow.utils"):
            found = next((a.name for a in node.names if a.name in SESSIONS), "")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = node.value.id
            if owner == "settings" and node.attr in {"Session", "engine"}:
                found = f"settings.{node.attr}"
            elif owner in models and node.attr[:1].islower():
                found = f"{owner}.{node.attr}"
        if found:
            yield (
                _line(node),
                "metadata",
                f"{found} asks Airflow's own database",
                remedy,
            )


def _early_reads(tree: ast.Module) -> Found:
    own = {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    for node in _run_at_import(tree.body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = _last_name(node.func.value)
            called = (own.get(owner, owner), node.func.attr)
            if called in EARLY:
                yield (
                    node.lineno,
                    "parse-secret",
                    f"{'.'.join(called)} is called while the file is imported",
                    f"{NO_VAULT}: call it in a task, or use a template such as "
                    "{{ var.value.name }}. docs/how-to/authors/get-a-connection.md",
                )


def _run_at_import(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes that run when the file is imported, and when its DAG is put together."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _run_at_import(node.decorator_list)
            if any(_last_name(getattr(d, "func", d)) == "dag" for d in node.decorator_list):
                yield from _run_at_import(node.body)
        elif not isinstance(node, ast.Lambda):
            yield node
            yield from _run_at_import(ast.iter_child_nodes(node))


def _dates(tree: ast.AST) -> Found:
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        pairs: list[tuple[object, ast.expr]] = []
        if isinstance(node, ast.keyword):
            pairs = [(node.arg, node.value)]
        elif isinstance(node, ast.Dict):
            keys = (getattr(key, "value", None) for key in node.keys)
            pairs = list(zip(keys, node.values, strict=True))
        for name, value in pairs:
            if name in DATES and isinstance(value, ast.AST):
                if isinstance(value, ast.Name):
                    value = assigned.get(value.id, value)
                yield from _of_date(str(name), value)


def _of_date(name: str, value: ast.expr) -> Found:
    for call in ast.walk(value):
        if not isinstance(call, ast.Call):
            continue
        called = _last_name(call.func)
        if called in NOW or called == "days_ago":
            problem = f"{name} is {called}(): another one at each import, so runs may never start"
            remedy = f"Write a fixed day: {name}=datetime(2026, 1, 1, tzinfo=UTC)."
            yield call.lineno, "date", problem, remedy
        elif _is_naive(call):
            problem = f"{name} has no time zone"
            remedy = "Say which: tzinfo=UTC, or ZoneInfo for a schedule in local time: "
            remedy += "docs/how-to/authors/schedule-in-local-time.md"
            yield call.lineno, "time-zone", problem, remedy


def _is_naive(call: ast.Call) -> bool:
    """Say whether the call makes a date of the module datetime, without a time zone."""
    if _last_name(call.func) != "datetime" or _module(call.func) == "pendulum":
        return False
    return len(call.args) < 8 and not {"tzinfo", "tz"} & {each.arg for each in call.keywords}


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _module(node: ast.AST) -> str:
    return _last_name(node.value) if isinstance(node, ast.Attribute) else ""
