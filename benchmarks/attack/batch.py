"""Attacks `gradcalc batch`: whatever happens to its processes, its output and its input, no line is
lost, doubled or torn."""

import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.attack.batch_runs import (
    DEADLY,
    LONG,
    Stream,
    children,
    difference,
    environment,
    is_alive,
    most_memory,
    requests,
    some,
    table,
    told,
    until,
)
from benchmarks.attack.data import Row, Size
from gradcalc.cli.batch.reading import LONGEST

LINES = 120
"""Requests of a run that is disturbed, at the most."""

QUICK = 0.01
"""The share below which nothing is calculated, as that takes seconds of imports."""

MOST = 100_000
"""Kilobytes that a run may ever hold beyond the part of a line that it keeps."""

ROOM = 6_000
"""Kilobytes that a long run may hold beyond a short one."""


def attack(size: Size) -> Iterator[Row]:
    """What is tried, in a folder of its own."""
    draw = random.Random(size.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = min(LINES, 20 + size.count(1000))
        calculated = size.share >= QUICK
        lines = requests(folder, count, calculated=calculated)
        both = (lines, table(folder, count, calculated=calculated))
        quick = (requests(folder, 2 * count, calculated=False),
                 table(folder, 2 * count, calculated=False))  # fmt: skip
        # half of the hundred moments each; most of a run that calculates is its imports
        yield killed(draw, (*both, *quick, *quick), folder, size.count(50))
        yield workers_killed(draw, lines, folder, size.count(50))
        yield stopped(draw, lines, size.count(20))
        yield full(draw, (*both, *quick), folder, size.count(20))
        yield closed(draw, quick[0], size.count(20))
        # a quick one is over before the other has come
        yield at_once(draw, lines, folder, size.count(20))
        yield crashes(folder, size.count(5))
        yield slow_reader(lines)
        yield endless(size.count(2**27))
        yield many_lines(folder, size.count(10**6))


def killed(draw: random.Random, streams: tuple[Stream, ...], folder: Path, moments: int) -> Row:
    """Runs killed at random, several times each, then run to the end."""
    broken: list[str] = []
    for moment in range(moments):
        stream = streams[moment % len(streams)]
        out = folder / f"killed{moment % len(streams)}"
        wanted, seconds, _ = stream.undisturbed
        number = draw.choice(DEADLY)
        after = draw.uniform(0.0, 1.2 * seconds)
        with stream.running("--resume", str(out)) as process:
            time.sleep(after)
            started = children(process.pid)
            process.send_signal(number)
            process.wait(LONG)
        if not until(lambda pids=started: not any(map(is_alive, pids))):
            broken.append(f"{number.name} after {after:.2f} s: processes are left")
        if moment + 2 * len(streams) >= moments or draw.random() < 0.3:
            found, said = stream.finished(out)
            broken += difference(found, wanted, f"{number.name} after {after:.2f} s {said}")
            out.unlink()
    return Row("runs killed at random moments, and resumed", moments, tuple(broken))


def workers_killed(draw: random.Random, stream: Stream, folder: Path, moments: int) -> Row:
    """Processes that calculate, killed: their own request has an error, nothing else changes."""
    broken: list[str] = []
    wanted, seconds, _ = stream.undisturbed
    told_of, done = 0, 0
    while done < moments:
        out = folder / "workers"
        kills = 0
        with stream.running("--resume", str(out)) as process:
            while process.poll() is None and done < moments:
                time.sleep(draw.uniform(0.0, seconds / 2))
                if pids := children(process.pid):
                    told([draw.choice(pids)], signal.SIGKILL)
                    kills += 1
                done += 1
            process.wait(LONG)
        lines, others = out.read_bytes().splitlines(), wanted.splitlines()
        strange = [line for line, other in zip(lines, others, strict=False) if line != other]
        told_of += len(strange)
        if len(lines) != len(others) or len(strange) > kills:
            broken.append(f"{len(lines)} lines, {len(strange)} others after {kills} kills")
        broken += [str(s) for s in strange if b"calculation was killed" not in s]
        again, said = stream.finished(out)
        broken += difference(again, b"".join(line + b"\n" for line in lines), f"resumed {said}")
        out.unlink()
    note = f"{told_of} requests were lost with their process, and say so"
    return Row("processes that calculate killed", moments, tuple(broken), note)


def stopped(draw: random.Random, stream: Stream, moments: int) -> Row:
    """One process or all of them stopped, and continued a little later."""
    broken: list[str] = []
    wanted, seconds, _ = stream.undisturbed
    done = 0
    while done < moments:
        with stream.running(stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            found: list[bytes] = []
            reader = threading.Thread(target=lambda p=process, f=found: f.append(p.stdout.read()))
            reader.start()
            while process.poll() is None:
                time.sleep(draw.uniform(0.0, seconds / 4))
                pids = some(draw, process.pid)
                told(pids, signal.SIGSTOP)
                time.sleep(draw.uniform(0.0, 0.3))
                told(pids, signal.SIGCONT)
                done += 1
            reader.join(LONG)
        broken += difference(b"".join(found), wanted, "stopped and continued")
    return Row("stopped and continued at random moments", done, tuple(broken))


def full(draw: random.Random, streams: tuple[Stream, ...], folder: Path, times: int) -> Row:
    """A disk that is full after any number of bytes, and is not once the run goes on."""
    broken: list[str] = []
    for n in range(times):
        stream = streams[n % len(streams)]
        wanted, _, code = stream.undisturbed
        most, out = draw.randrange(len(wanted) - 1), folder / f"full{n}"
        argv = stream.argv("--resume", str(out))
        done = subprocess.run(
            ["sh", "-c", 'exec prlimit --fsize="$0" "$@"', str(most), *argv],
            capture_output=True, env=environment(), timeout=LONG,
        )  # fmt: skip
        if done.returncode != 2 or not done.stderr.startswith(b"error: ") or code not in (0, 2):
            broken.append(f"after {most} bytes: exit {done.returncode}, {done.stderr[-200:]!r}")
        found, said = stream.finished(out)
        broken += difference(found, wanted, f"full after {most} bytes {said}")
        with open("/dev/full", "wb") as disk:
            done = subprocess.run(
                stream.argv(), stdout=disk, stderr=subprocess.PIPE, env=environment(), timeout=LONG
            )
        if done.returncode != 2 or done.stderr.count(b"\n") > 2:
            broken.append(f"/dev/full: exit {done.returncode}, {done.stderr[-200:]!r}")
    return Row("full disks, and resumed", 2 * times, tuple(broken))


def closed(draw: random.Random, stream: Stream, times: int) -> Row:
    """A reader that goes away after any number of bytes."""
    broken: list[str] = []
    wanted, _, _ = stream.undisturbed
    for _ in range(times):
        most = draw.randrange(len(wanted) // 2)
        with stream.running(stdout=subprocess.PIPE, bufsize=0) as process:
            assert process.stdout is not None
            found = b""
            while len(found) < most:
                found += process.stdout.read(most - len(found))
            started = children(process.pid)
            process.stdout.close()
            assert process.stderr is not None
            said = process.stderr.read()
            code = process.wait(LONG)
        # all may have been written before
        if code not in (141, 2) or said or not wanted.startswith(found):
            broken.append(f"after {most} bytes: exit {code}, {said[-200:]!r}")
        if not until(lambda pids=started: not any(map(is_alive, pids))):
            broken.append(f"after {most} bytes: processes are left")
    return Row("readers that go away", times, tuple(broken))


def at_once(draw: random.Random, stream: Stream, folder: Path, times: int) -> Row:
    """Two runs of one file at once: one of them is refused, or comes when the other is done."""
    broken: list[str] = []
    wanted, seconds, code = stream.undisturbed
    refused = 0
    for n in range(times):
        out = folder / f"both{n}"
        with stream.running("--resume", str(out)) as first:
            time.sleep(draw.uniform(0.0, 0.6 * seconds))
            with stream.running("--resume", str(out)) as second:
                said = [process.communicate(timeout=LONG)[1] for process in (first, second)]
                codes = {first.returncode, second.returncode}
        turned = [b"another run is writing" in b" ".join(text.split()) for text in said]
        refused += sum(turned)
        if sum(turned) > 1 or not codes <= {code, 2}:
            broken.append(f"exits {codes}: {said}")
        broken += difference(out.read_bytes(), wanted, "two at once")
    note = f"{refused} were refused"
    return Row("two runs of one file at once", times, tuple(broken), note)


def crashes(folder: Path, times: int) -> Row:
    """A request whose process dies: its answer names it, and the rest is as it would be."""
    numbers = (signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE)
    loop = {"program": "while x < 4: x = x*1\nx", "max_steps": 10**12, "timeout": 10**6}
    path, broken = folder / "crash.jsonl", []
    lines = [{"id": n, **loop, "inputs": {"x": 3}} if n == 2 else {"id": n} for n in range(5)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stream = Stream(path, (str(path), "--workers", "1", "--quiet"))
    for n in range(times):
        number = numbers[n % len(numbers)]
        with stream.running(stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            first = [process.stdout.readline() for _ in range(2)]
            told(children(process.pid), number)
            rest = process.communicate(timeout=LONG)[0].splitlines()
        answers = [json.loads(line) for line in (*first, *rest)]
        named = [a["id"] for a in answers if "process of the calc" in a["error"]["message"]]
        if [a["id"] for a in answers] != [*range(5)] or named != [2] or answers[2]["line"] != 3:
            broken.append(f"{number.name}: {rest!r}")
    return Row("processes that crash on one request", times, tuple(broken))


def slow_reader(stream: Stream) -> Row:
    """A reader that takes little at a time."""
    wanted, _, _ = stream.undisturbed
    found, step = b"", max(1, len(wanted) // 200)
    with stream.running(stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        while part := process.stdout.read(step):
            found += part
            time.sleep(0.005)
    return Row("slow readers", 1, tuple(difference(found, wanted, "slow")))


def endless(most: int) -> Row:
    """Input without an end: lines, blank lines, and one line; as much memory as ever is held."""
    broken, peaks = [], []
    for name, block in (
        ("lines", b'{"program":1}\n' * 50),
        ("blank", b"\n" * 4096),
        ("one", b"0" * 4096),
    ):
        stream = Stream(Path("-"), ("-", "--quiet"))
        with stream.running(stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            reader = threading.Thread(target=_drained, args=(process.stdout.fileno(),))
            reader.start()
            fed = 0
            # lines are answered, which takes longer than to pass over them
            while fed < max(2**20, most // 50 if name == "lines" else most):
                fed += os.write(process.stdin.fileno(), block)
            peaks.append(most_memory(process.pid))
            process.kill()
            reader.join(LONG)
        # what is kept of a line is put together, so it is there twice for a moment
        if peaks[-1] > MOST + (2 * LONGEST // 1024 if name == "one" else 0):
            broken.append(f"{name}: {peaks[-1]:,} kB")
    note = f"at most {max(peaks) / 1024:.0f} MB held"
    return Row("input without an end", len(peaks), tuple(broken), note)


def _drained(descriptor: int) -> None:
    with suppress(OSError):
        while os.read(descriptor, 2**16):
            pass


def many_lines(folder: Path, most: int) -> Row:
    """Many lines take no more memory than a few, neither at once nor when they are gone on with."""
    broken, peaks = [], []
    for count in (max(1, most // 10), most):
        path, out = folder / f"many{count}", folder / f"answers{count}"
        with path.open("w") as file:
            file.writelines(f'{{"id":{n},"program":1}}\n' for n in range(count))
        argv = [*Stream(path, (str(path), "--workers", "2", "--quiet")).argv("--resume", str(out))]
        for _ in range(2):
            process = subprocess.Popen(argv, env=environment())
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            peaks.append(used.ru_maxrss)
        with out.open("rb") as file:
            right = sum(b'"id":%d,' % n in line for n, line in enumerate(file))
        if right != count:
            broken.append(f"{right:,} of {count:,} lines are right")
        out.unlink()
    # a run that goes on to its end answers nothing
    for short, long in zip(peaks[:2], peaks[2:], strict=True):
        if long > short + ROOM:
            broken.append(f"{long:,} kB for {most:,} lines, {short:,} kB for a tenth")
    note = f"{most:,} lines: {peaks[2] / 1024:.1f} MB, a tenth of them: {peaks[0] / 1024:.1f} MB"
    return Row("many lines", most, tuple(broken), note)
