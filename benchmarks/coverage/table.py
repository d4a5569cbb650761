"""The tables of coverage: shares, reasons with examples, and functions."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from benchmarks.coverage.judge import LOOKED_AT, Finding, Outcome

WIDEST = 150
"""Characters of an example's text that are shown."""


def shares(findings: Sequence[Finding]) -> Iterator[str]:
    """How many samples ended how, by dtype."""
    for dtype in dict.fromkeys(finding.dtype for finding in findings):
        counts = Counter(f.outcome for f in findings if f.dtype == dtype)
        out = counts.pop(Outcome.LEFT_OUT, 0)
        total = sum(counts.values())
        good, told = counts[Outcome.VERIFIED], counts[Outcome.TOLD]
        yield f"{dtype}: {total:,} samples, {out:,} left out as not real or without a gradient"
        yield f"  verified                  {_share(good, total)}"
        yield f"  verified, or told rightly {_share(good + told, total)}"
        for outcome in Outcome:
            if counts[outcome] and outcome is not Outcome.VERIFIED:
                yield f"    {outcome:<12} {_share(counts[outcome], total)}"
        yield f"  functions with every sample verified or told {_share(*_whole(findings, dtype))}"


def _whole(findings: Sequence[Finding], dtype: str) -> tuple[int, int]:
    """How many functions have nothing but good samples, and how many there are."""
    outcomes: dict[str, set[Outcome]] = defaultdict(set)
    for finding in findings:
        if finding.dtype == dtype and finding.outcome is not Outcome.LEFT_OUT:
            outcomes[finding.entry].add(finding.outcome)
    good = {Outcome.VERIFIED, Outcome.TOLD}
    return sum(found <= good for found in outcomes.values()), len(outcomes)


def _share(part: int, total: int) -> str:
    return f"{part:6,} of {total:6,}  {part / total:7.1%}" if total else "none"


def reasons(findings: Sequence[Finding], most: int) -> Iterator[str]:
    """Why samples are not verified, the most frequent reasons first, each with its functions and
    its shortest example; all of what is to be looked at."""
    groups: dict[tuple[Outcome, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.outcome not in (Outcome.VERIFIED, Outcome.LEFT_OUT):
            groups[finding.outcome, finding.kind].append(finding)
    ordered = sorted(groups.items(), key=lambda g: (g[0][0] not in LOOKED_AT, -len(g[1])))
    for (outcome, _), group in ordered[:most]:
        shortest = min(group, key=lambda finding: len(finding.text))
        entries = Counter(finding.entry for finding in group)
        names = ", ".join(f"{name} {count}" for name, count in entries.most_common(8))
        more = f", {len(entries) - 8} more" if len(entries) > 8 else ""
        yield f"{len(group):6,}  {outcome}: {shortest.reason}"
        yield f"        {names}{more}"
        if shortest.text:
            text = shortest.text.replace("\n", "; ")
            cut = text if len(text) <= WIDEST else f"{text[:WIDEST]}…"
            yield f"        {cut}   with {shortest.inputs}"


def functions(findings: Sequence[Finding]) -> Iterator[str]:
    """The share of verified samples of each function, the lowest first."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.outcome is not Outcome.LEFT_OUT:
            groups[finding.entry].append(finding)
    shared = {
        name: sum(f.outcome is Outcome.VERIFIED for f in group) / len(group)
        for name, group in groups.items()
    }
    for name in sorted(groups, key=lambda name: (shared[name], name)):
        counts = Counter(finding.outcome for finding in groups[name])
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
        yield f"  {shared[name]:5.0%}  {name}  ({told})"
