"""Which file of the folder a module is, in the place where Python looks and in others."""

from collections.abc import Iterable
from pathlib import Path

# Where a repository keeps what its DAGs import: Airflow 2 looked into the folder of plugins, and
# the images of many companies into the repository's own
AROUND = {
    "..": "the parent of the source folder",
    "../plugins": "plugins beside the source folder",
    "../..": "the parent of the source folder's parent",
}


class Layout:
    """The Python files of a DAG folder, by the name they are imported under."""

    def __init__(self, paths: Iterable[str], source: Path | None = None) -> None:
        """Take the paths from the folder, and where it lies: modules may lie around it."""
        self._source = source
        self._files = sorted(path for path in paths if path.endswith(".py"))
        self._modules = {_module(path): path for path in self._files}
        self._packages = {path.rpartition("/")[0] for path in self._files if _is_package(path)}
        self._top = {path.split("/")[0].removesuffix(".py") for path in self._files}
        self._folders: dict[str, set[str]] = {}
        for path in self._files:
            words = _module(path).split(".")
            for depth in range(1, len(words)):
                self._folders.setdefault(words[depth], set()).add("/".join(words[:depth]))

    def is_local(self, module: str) -> bool:
        """Whether Python takes a module from the DAG folder itself."""
        return module.split(".")[0] in self._top

    def file_of(self, module: str, name: str = "") -> str:
        """Return the file that `from module import name` loads, or ""."""
        return self._modules.get(f"{module}.{name}") or self._modules.get(module, "")

    def folder_with(self, module: str) -> str:
        """Return the folder below which a module lies, if Python does not look there, or "".

        What lies in a package of a package is named through them: a module of the same name that
        somebody imports is another one.
        """
        if self.is_local(module):
            return ""
        top = module.split(".")[0]
        likely = [f for f in self._folders.get(top, ()) if not self._is_nested(f)]
        below = min(likely, key=lambda f: (f in self._packages, f.count("/"), f), default="")
        return below or self._around(top)

    def _around(self, top: str) -> str:
        if self._source is None:
            return ""
        if top == self._source.name:
            return AROUND[".."]
        for place, words in AROUND.items():
            folder = self._source / place
            if (folder / f"{top}.py").is_file() or any((folder / top).glob("*.py")):
                return words
        return ""

    def _is_nested(self, folder: str) -> bool:
        return {folder, folder.rpartition("/")[0]} <= self._packages


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2] == "__init__.py"


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
