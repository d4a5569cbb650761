"""The table of counts, and the lists of what is to be looked at."""

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.fidelity.oracle import Finding, Outcome

COLUMNS = tuple(Outcome)

Counts = Counter[tuple[str, Outcome]]
"""How many texts of a library ended how."""


def table(counts: Counts) -> str:
    """The counts by library, and their sums."""
    libraries = list(dict.fromkeys(library for library, _ in counts))
    rows = [("", "texts", *map(str, COLUMNS))]
    rows += [_row(name, [counts[name, column] for column in COLUMNS]) for name in libraries]
    sums = [sum(counts[name, column] for name in libraries) for column in COLUMNS]
    rows.append(_row("all", sums))
    left = max(len(row[0]) for row in rows)
    widths = [max(len(row[k]) for row in rows) for k in range(1, len(COLUMNS) + 2)]
    return "\n".join(
        "  ".join([row[0].ljust(left), *(c.rjust(w) for c, w in zip(row[1:], widths, strict=True))])
        for row in rows
    )


def _row(name: str, counts: Sequence[int]) -> tuple[str, ...]:
    return (name, f"{sum(counts):,}", *(f"{count:,}" for count in counts))


def listed(findings: Sequence[Finding], outcome: Outcome, most: int) -> Iterator[str]:
    """The shortest text of each subject with an outcome, the most frequent subjects first."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.outcome is outcome:
            groups.setdefault((finding.case.library, finding.case.subject), []).append(finding)
    if not groups:
        return
    total = sum(map(len, groups.values()))
    yield f"{outcome}: {total:,} texts of {len(groups):,} subjects"
    ordered = sorted(groups.values(), key=len, reverse=True)
    for group in ordered[:most]:
        shortest = min(group, key=lambda finding: len(finding.case.text))
        yield f"  {len(group)} x {shortest}"
    yield ""


def refusals(findings: Sequence[Finding]) -> Iterator[str]:
    """The reasons for refusals by subject, those of texts that the library takes first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    samples: dict[tuple[str, str, str], str] = {}
    for finding in findings:
        if finding.outcome is Outcome.REFUSED and any(said.given for said in finding.theirs):
            key = (finding.case.library, finding.case.subject, finding.ours.reason)
            counts[key] += 1
            samples[key] = min(samples.get(key, finding.case.text), finding.case.text, key=len)
    for (library, subject, reason), count in counts.most_common():
        text = samples[library, subject, reason].replace("\n", "; ")
        yield f"{count:5}  {library} {subject}: {reason}\n         {text}"
