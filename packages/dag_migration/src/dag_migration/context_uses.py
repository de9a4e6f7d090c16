"""Where the code of a file reads the task context: by key, by parameter, by attribute."""

import ast
from collections.abc import Iterator
from functools import cached_property

from dag_migration.analysis import Analysis, Definition, Function
from dag_migration.context_keys import GONE_ATTRIBUTES, OWNERS, REMOVED, RENAMED
from dag_migration.schedules import DAG_CALLS

METHODS = {"execute", "execute_complete", "poke", "post_execute", "pre_execute"}


class ContextUses:
    """The functions of a file that Airflow hands the context to, and what they take from it."""

    def __init__(self, code: Analysis) -> None:
        self.code = code

    @cached_property
    def _given(self) -> dict[str, set[str]]:
        """Which functions are given to which arguments, as `python_callable` or a callback."""
        given: dict[str, set[str]] = {}
        pairs = [(k.arg, k.value) for call in self.code.calls for k in call.keywords if k.arg]
        for node in self.code.nodes:
            if isinstance(node, ast.Dict):
                keys = (k.value if isinstance(k, ast.Constant) else "" for k in node.keys)
                pairs += [(str(k), v) for k, v in zip(keys, node.values, strict=True)]
        for argument, value in pairs:
            for one in value.elts if isinstance(value, ast.List) else [value]:
                if argument == "python_callable" or argument.endswith("_callback"):
                    given.setdefault(self._called(one), set()).add(argument)
        return given

    def _called(self, node: ast.expr) -> str:
        """Return what an expression that is called is named where it is defined."""
        if isinstance(node, ast.Lambda):
            return _lambda(node)
        if isinstance(node, ast.Call):
            if self._is_partial(node) and node.args:
                return self._called(node.args[0])
            return f"{self.code.qualified(node.func)}.__call__"  # of the object that is made
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            return f"{self.code.qualified(node.value.func)}.{node.attr}"  # `Job().run`
        return self.code.qualified(node)

    @cached_property
    def _methods(self) -> dict[int, str]:
        """What each method of a class of this file is called by: `Job.run`."""
        return {
            id(method): f"{owner.name}.{method.name}"
            for owner in self.code.nodes
            if isinstance(owner, ast.ClassDef)
            for method in owner.body
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    def _is_partial(self, call: ast.Call) -> bool:
        return self.code.qualified(call.func) == "functools.partial"

    @cached_property
    def current(self) -> frozenset[str]:
        """Names that hold `get_current_context()`, as a variable."""
        return frozenset(
            target.id
            for node in self.code.nodes
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and self.code.qualified(node.value.func).endswith("get_current_context")
            for target in node.targets
            if isinstance(target, ast.Name)
        )

    @cached_property
    def dags(self) -> frozenset[str]:
        """Names that hold a DAG."""
        found = {
            item.optional_vars.id
            for node in self.code.nodes
            if isinstance(node, ast.With)
            for item in node.items
            if isinstance(item.optional_vars, ast.Name) and self._makes_dag(item.context_expr)
        }
        return frozenset(found) | {
            target.id
            for node in self.code.nodes
            if isinstance(node, ast.Assign) and self._makes_dag(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def _makes_dag(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and self.code.qualified(node.func) in DAG_CALLS

    def bags(self, function: Function) -> set[str]:
        """Return the names in a function that hold the whole context."""
        rest = function.args.kwarg
        bags = {rest.arg} if rest and self._takes_context(function) else set()
        positional = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        bags |= {name for name in positional if name in {"context", "ctx"}}
        if isinstance(function, ast.Lambda):
            return bags
        if function.name in METHODS and positional[:1] == ["self"]:
            bags.update(positional[1:2])
        if "python_callable" not in (given := self._given.get(function.name, set())) and given:
            bags.update(positional[:1] if len(positional) == 1 else ())
        return bags | self.current

    def _takes_context(self, function: Function) -> bool:
        """Whether `**kwargs` of a function can hold the context: not if the file fills it."""
        if function.args.kwarg is None:
            return False
        if isinstance(function, ast.Lambda) or self.is_task(function):
            return True
        calls = self._calls_of.get(function.name, [])
        return not calls or any(k.arg is None for call in calls for k in call.keywords)

    @cached_property
    def _calls_of(self) -> dict[str, list[ast.Call]]:
        found: dict[str, list[ast.Call]] = {}
        for call in self.code.calls:
            if isinstance(call.func, ast.Name):
                found.setdefault(call.func.id, []).append(call)
        return found

    def filled(self, function: Function) -> frozenset[str]:
        """Return the keys of `**kwargs` that the file itself hands to a function."""
        name = getattr(function, "name", "")
        own = {k.arg for call in self._calls_of.get(name, []) for k in call.keywords if k.arg}
        return frozenset(own) | self._passed

    def owned(self, function: Function) -> dict[str, str]:
        """Return the names in a function that hold `ti`, `dag` or `dag_run`, with which."""
        bags = self.bags(function)
        owned = {a.arg: OWNERS[a.arg] for a in _parameters(function) if a.arg in OWNERS}
        owned = owned if self.is_task(function) else {}
        for node in ast.walk(function):  # ti = context["ti"]
            if isinstance(node, ast.Assign) and (key := context_key(node.value, bags)):
                names = [t.id for t in node.targets if isinstance(t, ast.Name)]
                owned |= dict.fromkeys(names if key in OWNERS else [], OWNERS.get(key, ""))
        return owned

    def is_task(self, function: Function) -> bool:
        """Whether Airflow fills the parameters of a function from the context."""
        if isinstance(function, ast.Lambda):
            return "python_callable" in self._given.get(_lambda(function), ())
        decorators = (d.func if isinstance(d, ast.Call) else d for d in function.decorator_list)
        name = self._methods.get(id(function), function.name)
        return "python_callable" in self._given.get(name, ()) or any(
            self.code.qualified(d).startswith(("airflow.sdk.task", "airflow.decorators.task"))
            for d in decorators
        )

    def items(self) -> Iterator[tuple[int, str]]:
        """Yield (line, key) for each key that is read from a context."""
        for function in self.code.functions:
            bags = self.bags(function)
            filled = self.filled(function)
            for node in ast.walk(function):
                if (key := context_key(node, bags)) and key not in filled:
                    yield getattr(node, "lineno", function.lineno), key

    def parameters(self) -> Iterator[tuple[Function, ast.arg]]:
        """Yield the parameters that Airflow fills with something it does not have any more."""
        for function in self.code.functions:
            if self.is_task(function):
                for argument in _parameters(function):
                    if argument.arg in REMOVED and argument.arg not in self._passed:
                        yield function, argument

    @cached_property
    def _passed(self) -> frozenset[str]:
        """What DAGs pass to their callables themselves: `op_kwargs={"execution_date": ...}`."""
        given: set[str] = set()
        for call in self.code.calls:
            function, *_ = (call.args or [call.func]) if self._is_partial(call) else [call.func]
            if _last_name(function) in self._tasks:
                given.update(k.arg for k in call.keywords if k.arg)
            for keyword in call.keywords:
                value = keyword.value
                if keyword.arg != "op_kwargs":
                    continue
                if isinstance(value, ast.Call):  # dict(execution_date=...)
                    given.update(k.arg for k in value.keywords if k.arg)
                elif isinstance(value, ast.Dict):
                    given.update(str(k.value) for k in value.keys if isinstance(k, ast.Constant))
        return frozenset(given)

    @cached_property
    def _tasks(self) -> frozenset[str]:
        tasks = (f for f in self.code.functions if self.is_task(f))
        return frozenset(f.name for f in tasks if not isinstance(f, ast.Lambda))

    def renames(self) -> dict[int, dict[str, str]]:
        """Return, by the line of `def`, the parameters that can take their new name safely."""
        found: dict[int, dict[str, str]] = {}
        for function, argument in self.parameters():
            if isinstance(function, ast.Lambda):
                continue
            new = RENAMED.get(argument.arg, "")
            words = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
            words |= {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
            inner = [n for n in ast.walk(function) if isinstance(n, ast.arg)]
            shadowed = sum(n.arg == argument.arg for n in inner) > 1
            if new and new not in words and not shadowed and not self._filled(function, argument):
                found.setdefault(function.lineno, {})[argument.arg] = new
        return found

    def _filled(self, function: Definition, argument: ast.arg) -> bool:
        """Whether a call of the file may give the argument, by its place or by stars."""
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        place = names.index(argument.arg) if argument.arg in names else len(names)
        method = id(function) in self._methods
        for call in self.code.calls:
            # an object may be called under any name
            if method and any(k.arg in {argument.arg, None} for k in call.keywords):
                return True
            called, given = call.func, call.args
            if given and self._is_partial(call):
                called, *given = given
            mine = _last_name(called) == function.name
            if mine and (len(given) > place - method or _starred(call)):  # without `self`
                return True
        return False

    def attributes(self) -> Iterator[tuple[int, str, str]]:
        """Yield (line, owner, attribute) for what `ti`, `dag` and `dag_run` do not have now."""
        seen: set[int] = set()
        for function in self.code.functions:
            bags, owned = self.bags(function), self.owned(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and id(node) not in seen:
                    base = node.value
                    owner = owned.get(base.id, "") if isinstance(base, ast.Name) else ""
                    owner = owner or OWNERS.get(context_key(base, bags), "")
                    if owner and node.attr in GONE_ATTRIBUTES[owner]:
                        seen.add(id(node))
                        yield node.lineno, owner, node.attr
        for node in self.code.nodes:
            if (
                isinstance(node, ast.Attribute)
                and id(node) not in seen
                and isinstance(node.value, ast.Name)
                and node.value.id in self.dags
                and node.attr in GONE_ATTRIBUTES["dag"]
            ):
                yield node.lineno, "dag", node.attr


def _lambda(node: ast.Lambda) -> str:
    return f"lambda {node.lineno}:{node.col_offset}"


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _starred(call: ast.Call) -> bool:
    return any(isinstance(argument, ast.Starred) for argument in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )


def _parameters(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def context_key(node: ast.AST, bags: set[str] | frozenset[str]) -> str:
    """Return `key` for `context["key"]` and `context.get("key")`, else ""."""
    if isinstance(node, ast.Subscript) and _is_bag(node.value, bags):
        key: ast.AST = node.slice
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"get", "pop"}
        and node.args
        and _is_bag(node.func.value, bags)
    ):
        key = node.args[0]
    else:
        return ""
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _is_bag(node: ast.AST, bags: set[str] | frozenset[str]) -> bool:
    if isinstance(node, ast.Call):  # get_current_context()["ti"]
        return getattr(node.func, "id", "") == "get_current_context"
    return isinstance(node, ast.Name) and node.id in bags
