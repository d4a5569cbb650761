"""The tables of checked samples: shares, reasons, and what is wrong."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from benchmarks.check.judge import GOOD, LOOKED_AT, Finding, Outcome
from benchmarks.timing import shown


def shares(findings: Sequence[Finding]) -> Iterator[str]:
    """How many samples ended how, by dtype."""
    for dtype in dict.fromkeys(finding.dtype for finding in findings):
        mine = [f for f in findings if f.dtype == dtype]
        counts = Counter(f.outcome for f in mine)
        out = counts.pop(Outcome.LEFT_OUT, 0)
        total = sum(counts.values())
        yield f"{dtype}: {total:,} samples, {out:,} left out as not real or without a gradient"
        for outcome in Outcome:
            if counts[outcome]:
                yield f"  {outcome:<12} {counts[outcome]:6,}  {counts[outcome] / total:6.1%}"
        yield f"  entries with every sample verified: {_whole(mine)}"
        times = [f.seconds for f in mine if f.outcome is not Outcome.LEFT_OUT]
        if times:
            yield f"  a check takes {shown(statistics.median(times))} (median)"


def _whole(findings: Sequence[Finding]) -> str:
    outcomes: dict[str, set[Outcome]] = defaultdict(set)
    for finding in findings:
        if finding.outcome is not Outcome.LEFT_OUT:
            outcomes[finding.entry].add(finding.outcome)
    whole = sum(found <= set(GOOD) for found in outcomes.values())
    return f"{whole:,} of {len(outcomes):,}"


def reasons(findings: Sequence[Finding], most: int) -> Iterator[str]:
    """Why samples are not verified, the most frequent reasons first, with their entries."""
    groups: dict[tuple[Outcome, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.outcome not in (*GOOD, *LOOKED_AT, Outcome.FAULT, Outcome.LEFT_OUT):
            groups[finding.outcome, finding.kind].append(finding)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    for (outcome, _), group in ordered[:most]:
        entries = Counter(finding.entry for finding in group)
        names = ", ".join(f"{name} {count}" for name, count in entries.most_common(8))
        more = f", {len(entries) - 8} more" if len(entries) > 8 else ""
        yield f"{len(group):6,}  {outcome}: {group[0].reason}"
        yield f"        {names}{more}"


def wrong(findings: Sequence[Finding]) -> Iterator[str]:
    """Each sample that is called wrong, those of known faults first."""
    for outcome in (Outcome.FAULT, *LOOKED_AT):
        for finding in findings:
            if finding.outcome is outcome:
                yield f"  {outcome}: {finding.entry}, {finding.dtype}: {finding.reason}"
