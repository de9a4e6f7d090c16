"""Names taken through a module that Airflow 3 lacks are imported by name first.

`bash_operator.BashOperator` becomes `BashOperator`, with an import of it from the old module; what
has a new home is then found by the same look-up as every other import.
"""

import ast
import re
from collections.abc import Set

from dag_migration.analysis import Analysis, Reference
from dag_migration.checks import own_xcoms
from dag_migration.context_keys import ENVIRONMENT
from dag_migration.context_uses import ContextUses
from dag_migration.fixes.edits import Edits
from dag_migration.model import Fix

CODE = "MIG010"
CONF = "airflow.configuration"
CONF_FUNCTIONS = {
    "as_dict",
    "get",
    "getboolean",
    "getfloat",
    "getint",
    "getsection",
    "has_option",
    "remove_option",
    "set",
}


def by_name(text: str, gone: Set[tuple[str, str]]) -> tuple[str, list[Fix]]:
    """Return the text with names taken by name, and the changes.

    Args:
        text: a file.
        gone: what `Analysis.references` yields and Airflow 3 does not have, as (module, name).
    """
    code, edits = Analysis(text), Edits(text)
    fixes: list[Fix] = []
    imports: dict[tuple[str, str], str] = {}
    bound = code.bound | {i.local for i in code.imports}
    for reference in code.references:
        whole = reference.qualified
        module, name = _split(whole)
        if (reference.module, reference.name) not in gone or not module or name == whole:
            continue
        if reference.local_is_name:
            continue
        node = _named(reference, module, name)
        if node is None:
            continue
        local = imports.get((module, name)) or _free(module, name, bound, code)
        if not _imported(name, code):
            imports[module, name] = local
        edits.replace(edits.start(node), edits.end(node), local)
        fixes.append(Fix(code=CODE, line=node.lineno, message=f"`{name}` is imported by its name"))
    for (module, name), local in sorted(imports.items()):
        alias = "" if local == name else f" as {local}"
        if not edits.import_after(code.tree, f"from {module} import {name}{alias}"):
            return text, []
    return edits.result(), fixes


def _split(qualified: str) -> tuple[str, str]:
    """Return the module and the name of a dotted name: a class, else the last part."""
    words = qualified.split(".")
    for number, word in enumerate(words):
        if word[:1].isupper():
            return ".".join(words[:number]), word
    return ".".join(words[:-1]), words[-1]


def _named(reference: Reference, module: str, name: str) -> ast.expr | None:
    """Return the part of an expression that stands for the name itself."""
    node: ast.expr = reference.node
    surplus = len(reference.qualified.split(".")) - len(f"{module}.{name}".split("."))
    for _ in range(surplus):
        if not isinstance(node, ast.Attribute):
            return None
        node = node.value
    return node if isinstance(node, ast.Attribute) else None


def _imported(name: str, code: Analysis) -> bool:
    """Whether the file imports this class of Airflow from some place already."""
    return any(i.local == i.name == name and i.module.startswith("airflow.") for i in code.imports)


def _free(module: str, name: str, bound: Set[str], code: Analysis) -> str:
    if name not in bound or _imported(name, code):
        return name
    return f"{module.rpartition('.')[2]}_{name}"


def conf_methods(text: str) -> tuple[str, list[Fix]]:
    """Return the text with functions of `airflow.configuration` as methods of its `conf`."""
    code, edits = Analysis(text), Edits(text)
    if CONF not in {i.module for i in code.imports} and not any(
        i.qualified in {CONF, "airflow"} for i in code.imports
    ):
        return text, []
    fixes: list[Fix] = []
    for node in code.nodes:
        if not isinstance(node, (ast.Attribute, ast.Name)) or isinstance(node.ctx, ast.Store):
            continue
        module, _, name = code.qualified(node).rpartition(".")
        if module == CONF and name in CONF_FUNCTIONS:
            edits.replace(edits.start(node), edits.end(node), f"conf.{name}")
            message = f"`{name}` of airflow.configuration is a method of its `conf`"
            fixes.append(Fix(code="AIR301", line=node.lineno, message=message))
    if not fixes:
        return text, []
    for statement in code.nodes:
        if isinstance(statement, ast.ImportFrom) and statement.module == CONF:
            kept = [a for a in statement.names if a.name not in CONF_FUNCTIONS]
            if len(kept) < len(statement.names):
                names = ", ".join(ast.unparse(a) for a in kept) or "conf"
                new = f"from {CONF} import {names}"
                edits.replace(edits.start(statement), edits.end(statement), new)
                if not kept:
                    return edits.result(), fixes
    if "conf" in {i.local for i in code.imports if i.qualified == f"{CONF}.conf"}:
        return edits.result(), fixes
    if "conf" in code.bound or not edits.import_after(code.tree, f"from {CONF} import conf"):
        return text, []
    return edits.result(), fixes


_POD_WORDS = {"Volume": ("name", "configs"), "VolumeMount": ("name", "mount_path", "sub_path")}


def pod_keywords(text: str) -> tuple[str, list[Fix]]:
    """Return the text with volumes given by keyword: Kubernetes' classes have another order."""
    code, edits = Analysis(text), Edits(text)
    fixes: list[Fix] = []
    for call in code.calls:
        name = code.qualified(call.func)
        words = _POD_WORDS.get(name.rpartition(".")[2], ())
        if not name.startswith("airflow.") or any(isinstance(a, ast.Starred) for a in call.args):
            continue
        for word, value in zip(words, call.args, strict=False):
            at = edits.start(value)
            edits.replace(at, at, f"{word}=")
            fixes.append(Fix(code="MIG034", line=call.lineno, message=f"`{word}` is given by name"))
    return (edits.result(), fixes) if fixes else (text, [])


def sdk_methods(text: str) -> tuple[str, list[Fix]]:
    """Return the text with what the classes of the task SDK call otherwise."""
    old, new = "get_connection_from_secrets", "get"
    code, edits = Analysis(text), Edits(text)
    fixes: list[Fix] = []
    for node in code.nodes:
        if not isinstance(node, ast.Attribute) or node.attr != old:
            continue
        if code.qualified(node.value).endswith(".Connection"):
            edits.replace(edits.end(node) - len(old), edits.end(node), new)
            message = f"`Connection.{old}` is now `Connection.{new}`"
            fixes.append(Fix(code="MIG017", line=node.lineno, message=message))
    return (edits.result(), fixes) if fixes else (text, [])


def xcom_methods(text: str) -> tuple[str, list[Fix]]:
    """Return the text with `self.xcom_push(context, ...)` asked of the task instance.

    Operators of Airflow 3 have no such methods; those of the instance take the same arguments.
    """
    code, edits = Analysis(text), Edits(text)
    uses = ContextUses(code)
    contexts = {
        id(node): uses.bags(function)
        for function in code.functions
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
    }
    fixes: list[Fix] = []
    for call in own_xcoms(code):
        named = [k for k in call.keywords if k.arg == "context"]
        context = (named or call.args or [None])[0]
        value = context.value if isinstance(context, ast.keyword) else context
        if context is None or not isinstance(value, ast.Name):
            continue
        if value.id not in contexts.get(id(call), ()):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        edits.replace(edits.start(call.func), edits.end(call.func), f'{value.id}["ti"].{name}')
        edits.remove(edits.start(context), edits.end(context))
        message = f"`self.{name}` is now that of the task instance"
        fixes.append(Fix(code="MIG022", line=call.lineno, message=message))
    return (edits.result(), fixes) if fixes else (text, [])


def environment(text: str) -> tuple[str, list[Fix]]:
    """Return the text that reads what Airflow puts into a task's environment by its new name.

    Not one that also sets a variable of the old name: it may be for another program.
    """
    old, new = ENVIRONMENT
    if re.search(rf"\b{old}(['\"]\s*:|['\"\]]*\s*=(?!=))", text):
        return text, []
    reads = re.compile(rf"(\$\{{?|environ(?:\.get)?[(\[]\s*['\"]|getenv\(\s*['\"]){old}\b")
    message = f"The environment variable `{old}` is now `{new}`"
    lines = [number for number, line in enumerate(text.split("\n"), 1) if reads.search(line)]
    fixes = [Fix(code="MIG020", line=number, message=message) for number in lines]
    return reads.sub(rf"\g<1>{new}", text), fixes
