"""Which file of the folder a module is, in the place where Python looks and in others."""

from collections.abc import Iterable


class Layout:
    """The Python files of a DAG folder, by the name they are imported under."""

    def __init__(self, paths: Iterable[str], name: str = "") -> None:
        """Take the paths from the folder, and the folder's own name."""
        self._name = name
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
        if module.split(".")[0] == self._name:
            return "the parent of the source folder"
        folders = self._folders.get(module.split(".")[0], ())
        likely = [folder for folder in folders if not self._is_nested(folder)]
        return min(likely, key=lambda f: (f in self._packages, f.count("/"), f), default="")

    def _is_nested(self, folder: str) -> bool:
        return {folder, folder.rpartition("/")[0]} <= self._packages


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2] == "__init__.py"


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
