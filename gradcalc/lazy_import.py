"""Modules that are imported at their first use, though an `import` statement names them earlier."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_IMPORTERS_OWN = frozenset(
    {"__class__", "__dict__", "__file__", "__loader__", "__name__", "__package__", "__path__"}
    | {"__spec__"}
)
"""What the import system itself looks at, again and again."""

UNUSED = ("torch._meta_registrations", "torch.export")
"""Parts of torch that no gradient needs; importing them takes a quarter of the time of the rest."""

_LOADER = "__deferred_loader__"


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """Within the block an import of these modules only makes them; the first look loads them.

    The standard library's `LazyLoader` takes the import system's own look at `__spec__`, which
    comes with each further import, for a use.
    """
    finder = _Finder(frozenset(names))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self.names else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


class _Later(Loader):
    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Deferred(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__[_LOADER] = self.loader


class _Deferred(ModuleType):
    """A module that is not loaded yet."""

    def __getattribute__(self, name: str) -> Any:
        if name not in _IMPORTERS_OWN:
            known = ModuleType.__getattribute__(self, "__dict__")
            if name in known:
                return known[name]
            loader = known.pop(_LOADER, None)
            if loader is not None:
                ModuleType.__setattr__(self, "__class__", ModuleType)
                loader.exec_module(self)
        return ModuleType.__getattribute__(self, name)


def load_deferred(*names: str) -> None:
    """Load those of these modules that were only made, as if nobody had deferred them."""
    for name in names:
        found = sys.modules.get(name)
        if isinstance(found, _Deferred):
            # a look at what is not there yet loads it
            getattr(found, "__all__", None)
