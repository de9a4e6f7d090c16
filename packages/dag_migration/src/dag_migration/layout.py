"""Which file of the folder a module is, in the place where Python looks and in others."""

from collections.abc import Iterable


class Layout:
    """The Python files of a DAG folder, by the name they are imported under."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._files = sorted(path for path in paths if path.endswith(".py"))
        self._modules = {_module(path): path for path in self._files}
        self._top = {path.split("/")[0].removesuffix(".py") for path in self._files}
        self._suffixes: dict[str, str] = {}
        for module in self._modules:
            words = module.split(".")
            for length in range(1, len(words)):
                self._suffixes.setdefault(".".join(words[length:]), ".".join(words[:length]))

    def is_local(self, module: str) -> bool:
        """Whether Python takes a module from the DAG folder itself."""
        return module.split(".")[0] in self._top

    def file_of(self, module: str, name: str = "") -> str:
        """Return the file that `from module import name` loads, or ""."""
        return self._modules.get(f"{module}.{name}") or self._modules.get(module, "")

    def folder_with(self, module: str) -> str:
        """Return the folder below which a module lies, if Python does not look there, or ""."""
        if self.is_local(module):
            return ""
        place = self._suffixes.get(module) or self._suffixes.get(module.split(".")[0], "")
        return place.replace(".", "/")


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
