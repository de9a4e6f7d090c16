"""CDK Terrain (cdktn), the living fork of cdktf, under cdktf's names.

The code imports `cdktf` and `cdktf_cdktf_provider_*`. Where cdktn is installed instead, it answers
to these names, and no line changes: docs/how-to/leave-cdktf.md.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from types import ModuleType

_OLD, _NEW = "cdktf", "cdktn"


def install() -> None:
    """Let cdktn answer to cdktf's name where it is there and cdktf is not."""
    if find_spec(_OLD) is None and find_spec(_NEW) is not None:
        sys.meta_path.append(_Successor())


def provider_spec(package: str) -> ModuleSpec | None:
    """Find a package of provider bindings by cdktf's name for it; cdktn's stands for a missing one.

    Its modules can be loaded under the old name: they import each other relatively.
    """
    return find_spec(package) or find_spec(package.replace(f"{_OLD}_{_OLD}_", f"{_NEW}_"))


class _Successor(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == _OLD else None

    def exec_module(self, module: ModuleType) -> None:
        # the same module, not a second run of it: a class of jsii is registered once
        sys.modules[module.__name__] = importlib.import_module(_NEW)
