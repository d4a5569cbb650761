"""`gradcalc functions`: what a program can call."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gradcalc.cli.arguments import PlainCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradcalc.calculate import Ask
    from gradcalc.reference.catalogue import Entry


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, cls=PlainCommand)(_functions)


def _functions(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]..."),
    ] = None,
) -> None:
    from gradcalc.cli.grad import asking
    from gradcalc.cli.output import is_terminal, style_for, write
    from gradcalc.reference.catalogue import Entry, catalogue, matching, named

    entries = catalogue()
    # everything is looked up before anything is worked out
    asked = [named(name, entries) or matching(name, entries) for name in names or ()]
    style = style_for(sys.stdout)
    if not asked:
        from gradcalc.render.functions import overview

        found = [overview(entries, style) if is_terminal(sys.stdout) else _tsv(entries)]
    else:
        pages = [one for one in asked if isinstance(one, Entry) and one.row is not None]
        ask = asking(ctx.obj) if pages else None
        found = [_shown(one, ask) for one in asked]
    write("\n".join(found), sys.stdout)


def _shown(asked: "Entry | Sequence[Entry]", ask: "Ask | None") -> str:
    """One function in full, or a list of those that were found."""
    from gradcalc.cli.output import is_terminal, style_for
    from gradcalc.reference.catalogue import Entry
    from gradcalc.render.functions import listing, render_page

    style = style_for(sys.stdout)
    if not isinstance(asked, Entry):
        return listing(asked, style) if is_terminal(sys.stdout) else _tsv(asked)
    if asked.row is None or ask is None:
        from gradcalc.reference.spellings import by_name, spellings

        found = by_name if asked.kind == "library" else spellings
        return render_page(asked, found(asked.name), style)
    from gradcalc.reference.page import page

    return render_page(asked, page(asked.row, ask), style)


def _tsv(entries: "Sequence[Entry]") -> str:
    rows = [("name", "kind", "aliases", "meaning", "family")]
    rows += [(e.name, e.kind, ",".join(e.aliases), e.doc, e.family) for e in entries]
    return "".join("\t".join(row) + "\n" for row in rows)
