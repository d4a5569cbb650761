"""Makes the man page when the package is built, of the rows that the help is made of."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "gradcalc.1"


class ManPage(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the page where `man` looks for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the page beside what is built, and have it installed."""
        sys.path.insert(0, self.root)
        try:
            from gradcalc.cli.man import man_page
        finally:
            sys.path.remove(self.root)
        path = Path(self.directory) / PAGE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(man_page(self.metadata.version), encoding="utf-8")
        build_data["shared_data"][str(path)] = f"share/man/man1/{PAGE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what the wheel has in it now."""
        (Path(self.directory) / PAGE).unlink(missing_ok=True)
