"""One parsed Python file: which imported name stands for what, and who uses it."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Function = Definition | ast.Lambda


@dataclass(frozen=True)
class Import:
    """One imported name."""

    module: str
    name: str  # "" for `import module`
    local: str
    line: int
    guarded: bool  # in a `try` that catches ImportError, or only for type checkers
    in_function: bool

    @property
    def qualified(self) -> str:
        """The full dotted name."""
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True)
class Reference:
    """An attribute that is taken of something imported from Airflow, as long as its dots go."""

    node: ast.Attribute
    module: str  # what is asked: `from module import name`
    name: str  # with the attributes: `Variable.setdefault`
    qualified: str
    local_is_name: bool  # the import names a class: the attribute is one of it

    @property
    def key(self) -> tuple[str, str]:
        """What the new environment is asked for."""
        return self.module, self.name


class Analysis:
    """The syntax tree of a file with its imports resolved to full names."""

    def __init__(self, text: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node, once."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every absolute import, in the order of the file."""
        return tuple(_imports(self.tree, guarded=False, in_function=False))

    @cached_property
    def _locals(self) -> dict[str, str]:
        # `import a.b` binds a; `import a.b as c` binds the module itself
        return {
            i.local: i.local
            if not i.name and i.local == i.module.partition(".")[0]
            else i.qualified
            for i in self.imports
        }

    def qualified(self, node: ast.AST) -> str:
        """Return the full name of a name or attribute, or "" if it is not that."""
        if isinstance(node, ast.Name):
            return self._locals.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.qualified(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def full_name(self, dotted: str) -> str:
        """Return the full name of `a.b.c` as it is written in the file."""
        first, dot, rest = dotted.partition(".")
        return f"{self._locals.get(first, first)}{dot}{rest}"

    @cached_property
    def bound(self) -> frozenset[str]:
        """Every name that the file binds by other means than an import, in whatever scope."""
        return frozenset(name for node in self.nodes for name in _bound_by(node))

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every attribute that is taken of an import from Airflow, at its full length."""
        inner = {id(n.value) for n in self.nodes if isinstance(n, ast.Attribute)}
        roots = {i.local: i for i in self.imports if i.module.split(".")[0] == "airflow"}
        found = []
        for node in self.nodes:
            if not isinstance(node, ast.Attribute) or id(node) in inner:
                continue
            if not isinstance(node.ctx, ast.Load):
                continue
            dots = ast.unparse(node).split(".")
            root = roots.get(dots[0])
            if root is None or not all(word.isidentifier() for word in dots):
                continue
            if dots[0] in self.bound:
                continue
            name = ".".join(_to_class([root.name, *dots[1:]] if root.name else dots[1:]))
            module = (
                root.module if root.name or root.local != root.module.split(".")[0] else "airflow"
            )
            whole = self.qualified(node)
            found.append(Reference(node, module, name, whole, root.name[:1].isupper()))
        return tuple(found)

    @cached_property
    def used(self) -> frozenset[str]:
        """Every name that the code reads, and every word in `__all__`."""
        loaded = {n.id for n in self.nodes if isinstance(n, ast.Name)}
        exported = {
            item.value
            for n in self.tree.body
            if isinstance(n, ast.Assign) and any(_is_all(t) for t in n.targets)
            for item in ast.walk(n.value)
            if isinstance(item, ast.Constant) and isinstance(item.value, str)
        }
        return frozenset(loaded | exported)

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """Every call."""
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Every function and method that has a name."""
        return tuple(n for n in self.nodes if isinstance(n, Definition))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function, method and lambda."""
        return tuple(n for n in self.nodes if isinstance(n, Function))

    @cached_property
    def strings(self) -> tuple[tuple[int, str], ...]:
        """Every string that is a value (not a docstring), by line; f-strings with `x` in holes."""
        prose = {
            id(node.value)
            for node in self.nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        prose |= {
            id(part)
            for node in self.nodes
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        plain = tuple(
            (node.lineno, node.value)
            for node in self.nodes
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in prose
        )
        filled = tuple(
            (node.lineno, "".join(_text_or_x(part) for part in node.values))
            for node in self.nodes
            if isinstance(node, ast.JoinedStr)
        )
        return plain + filled


def _text_or_x(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "x"


def _to_class(words: list[str]) -> list[str]:
    """Return a dotted name up to the first attribute of a class."""
    for number, word in enumerate(words):
        if word[:1].isupper():
            return words[: number + 2]
    return words


def _bound_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    named = (ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
    # type parameters are nodes of Python 3.12 and newer
    parameter = type(node).__name__ in {"ParamSpec", "TypeVar", "TypeVarTuple"}
    if parameter or isinstance(node, (*named, ast.FunctionDef, ast.AsyncFunctionDef)):
        name = getattr(node, "name", None)
        return [name] if name else []
    return []


def _is_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"


def _imports(node: ast.AST, *, guarded: bool, in_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                local = alias.asname or alias.name.split(".")[0]
                yield Import(alias.name, "", local, child.lineno, guarded, in_function)
        elif isinstance(child, ast.ImportFrom) and not child.level and child.module:
            for alias in child.names:
                local = alias.asname or alias.name
                yield Import(child.module, alias.name, local, child.lineno, guarded, in_function)
        else:
            yield from _imports(
                child,
                guarded=guarded or _guards(child),
                in_function=in_function
                or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)),
            )


def _guards(node: ast.AST) -> bool:
    if isinstance(node, ast.Try):
        caught = {
            n.id
            for h in node.handlers
            if h.type
            for n in ast.walk(h.type)
            if isinstance(n, ast.Name)
        }
        bare = any(handler.type is None for handler in node.handlers)
        return bare or bool(caught & {"ImportError", "ModuleNotFoundError", "Exception"})
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
