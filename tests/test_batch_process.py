"""`gradcalc batch` in processes of its own: order, flushing, signals, deaths, and going on."""

import faulthandler
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradcalc.cli.app import main
from gradcalc.cli.batch.job import Allow, Job, JobAnswer, Tally
from gradcalc.cli.batch.reading import Lines, Source
from gradcalc.cli.batch.stream import stream
from gradcalc.cli.batch.workers import Slot, Workers
from gradcalc.errors import GradcalcError
from tests.processes import HANGS, child_of, children, ended, is_alive, minds, state_of, wait_for
from tests.test_cli_process import COMMAND, environment, read_all


@dataclass(frozen=True)
class Play:
    """Work without a calculation: each line says what to do."""

    seconds: float | None = None
    start: str = ""

    def answer(self, job: Job, allow: Allow) -> JobAnswer:
        text = (job.text or b"").decode()
        match text.split():
            case ["die", number]:
                faulthandler.disable()
                os.kill(os.getpid(), int(number))
            case ["exit", code]:
                os._exit(int(code))
            case ["sleep", seconds]:
                time.sleep(float(seconds))
            case ["allow", seconds, *stop]:
                allow(float(seconds))
                os.kill(os.getpid(), signal.SIGSTOP) if stop else time.sleep(HANGS)
        return JobAnswer(f"{text}\n", "verified", 0)

    def failed(self, job: Job, error: GradcalcError) -> JobAnswer:
        return JobAnswer(f"{job.line}: {error.message}\n", "error", error.exit_code)

    def recognised(self, text: str) -> JobAnswer | None:
        return None

    def fits(self, job: Job, text: str) -> bool:
        return False


def played(lines: Sequence[str], count: int = 2, grace: float = 0.0, **play: Any) -> list[str]:
    ours, theirs = os.pipe()
    with open(theirs, "w") as file:
        file.write("\n".join(lines))
    workers = Workers(Play(**play), count, grace)
    kept: list[str] = []
    tally = Tally()
    stream(Source(ours, Lines()), workers, kept.append, tally)
    os.close(ours)
    assert not workers.workers
    assert tally.total == len(kept) == len(lines)
    return [text.rstrip("\n") for text in kept]


def test_the_order_is_kept_whoever_is_first() -> None:
    lines = ["sleep 0.3", *(f"line {i}" for i in range(300)), "sleep 0.1", "last"]
    assert played(lines, count=3) == lines


@pytest.mark.parametrize(
    ("death", "message"),
    [
        pytest.param("die 9", "2: the process of the calculation was killed", id="kill"),
        pytest.param("die 11", "2: the process of the calculation was ended by SIGSEGV",
                     id="segfault"),
        pytest.param("exit 3", "2: the process of the calculation ended with exit code 3",
                     id="exit"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("count", [1, 2])
def test_a_process_that_dies_costs_its_own_request_only(
    death: str, message: str, count: int
) -> None:
    found = played(["one", death, "three", "four", death, "six"], count)
    assert found == ["one", message, "three", "four", message.replace("2", "5", 1), "six"]


OVERDUE = "{}: the calculation gave no answer in its time and was ended"


@pytest.mark.parametrize("hanging", ["allow 0.1", "allow 0.1 stop"], ids=["sleeps", "stopped"])
def test_a_process_that_hangs_is_ended_after_the_time_of_its_job(hanging: str) -> None:
    found = played(["one", hanging, "three"], grace=0.1)
    assert found == ["one", OVERDUE.format(2), "three"]


@pytest.mark.parametrize("hanging", [f"die {signal.SIGSTOP.value}", f"sleep {HANGS}"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_process_that_hangs_is_ended_after_the_time_of_any_job(hanging: str, count: int) -> None:
    found = played([hanging, hanging], count, grace=0.1, seconds=0.1)
    assert found == [OVERDUE.format(1), OVERDUE.format(2)]


def start(*argv: str, **streams: Any) -> Any:
    return subprocess.Popen(
        [*COMMAND, "batch", *argv],
        **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        | streams,
        text=True,
        encoding="utf-8",
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def called(*argv: str, stdin: str = "") -> tuple[int, list[str], str]:
    """What it gives in a process of its own."""
    with ended(start(*argv)) as process:
        out, err = process.communicate(stdin, timeout=HANGS)
    return process.returncode, out.splitlines(), err


Batch = Callable[..., tuple[int, list[str], str]]


@pytest.fixture(name="batch")
def batch_fixture(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Batch:
    """Runs it in this process, from which those that calculate are forked."""

    def batch(*argv: str, stdin: str = "") -> tuple[int, list[str], str]:
        path = tmp_path / "standard input"
        path.write_text(stdin)
        with path.open() as file:
            monkeypatch.setattr("sys.stdin", file)
            code = main(["batch", *argv])
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err

    return batch


def request(number: int, program: str = "x*x", x: object = 3, **more: object) -> str:
    return json.dumps({"id": number, "program": program, "inputs": {"x": x}, **more}) + "\n"


def ids(lines: Sequence[str]) -> list[object]:
    return [json.loads(line)["id"] for line in lines]


@contextmanager
def two_at_work(*argv: str, **streams: Any) -> Iterator[tuple[Any, list[int]]]:
    """A run whose two processes are in the middle of something endless, after one answer."""
    with ended(start("--workers", "2", *argv, **streams)) as process:
        process.stdin.write(request(1))
        process.stdin.flush()
        assert ids([process.stdout.readline()]) == [1]
        process.stdin.write(endless(2) + endless(3))
        process.stdin.flush()
        wait_for(lambda: len(at_work(process.pid)) == 2)
        yield process, at_work(process.pid)


def endless(number: int) -> str:
    """A request that is never answered."""
    return request(number, "while x < 4: x = x*1\nx", max_steps=10**12, timeout=10**6)


def at_work(pid: int) -> list[int]:
    """The children that have begun to answer: they leave Ctrl-C to the process that writes."""
    return [child for child in sorted(children(pid)) if minds(child, signal.SIGINT, "Ign")]


def test_each_answer_is_there_before_the_next_request() -> None:
    with ended(start()) as process:
        for number in range(3):
            process.stdin.write(request(number))
            process.stdin.flush()
            assert ids([process.stdout.readline()]) == [number]
        process.stdin.close()
        assert process.stderr.read().startswith("3 requests: 3 verified in ")
        assert process.wait(timeout=HANGS) == 0


def test_nothing_heavy_runs_before_a_request_is_well_formed() -> None:
    with ended(start()) as process:
        process.stdin.write("nonsense\n")
        process.stdin.flush()
        assert ids([process.stdout.readline()]) == [None]
        for pid in (process.pid, *children(process.pid)):
            maps = Path(f"/proc/{pid}/maps").read_text()
            assert "torch" not in maps
            assert "flint" not in maps
        process.stdin.write(request(1))
        process.stdin.flush()
        assert ids([process.stdout.readline()]) == [1]
        assert "torch" not in Path(f"/proc/{process.pid}/maps").read_text()
        process.stdin.close()
        assert process.wait(timeout=HANGS) == 2


def test_bad_lines_and_faults_do_not_end_it(batch: Batch) -> None:
    lines = [request(1), "\n", "nonsense\n", request(3, "x@x"), request(4, "abs(x)", 0),
             request(5, expect="x"), request(6, x="a"), request(7, "dot(x,x)", [1, 2])]  # fmt: skip
    code, out, err = batch("--workers", "2", stdin="".join(lines))
    assert ids(out) == [1, None, 3, 4, 5, 6, 7]
    assert [json.loads(line)["schema"][9:14] for line in out].count("error") == 3
    assert [json.loads(out[1])["line"], json.loads(out[5])["line"]] == [3, 7]
    assert err.startswith("7 requests: 2 verified, 1 kink, 1 wrong, 3 errors in ")
    assert code == 1


def test_a_request_may_take_longer_than_a_system_call_can_wait(batch: Batch) -> None:
    assert batch("--timeout", "1e9", "--quiet", stdin=request(1))[::2] == (0, "")


def test_the_end_may_lack_a_newline_and_quiet_is_quiet(batch: Batch) -> None:
    assert batch("--quiet", stdin=request(1).rstrip("\n"))[::2] == (0, "")
    assert batch(stdin="\n\n") == (0, [], "no requests\n")


def test_large_requests_do_not_wait_for_each_other() -> None:
    vector = [n / 7 for n in range(10_000)]
    lines = [request(n, "2*dot(x,x)", vector) for n in range(3)]
    code, out, _ = called("--no-enclosure", "--workers", "2", stdin="".join(lines))
    assert (code, ids(out)) == (0, [0, 1, 2])


def test_a_killed_process_is_told_and_replaced() -> None:
    with two_at_work() as (process, workers):
        os.kill(workers[0], signal.SIGKILL)
        process.stdin.write(request(4))
        process.stdin.close()
        wait_for(lambda: workers[0] not in children(process.pid))
        os.kill(workers[1], signal.SIGKILL)
        lines = process.stdout.readlines()
        assert ids(lines) == [2, 3, 4]
        kinds = [json.loads(line).get("error", {}).get("kind") for line in lines]
        assert kinds == ["limit", "limit", None]
        assert process.wait(timeout=HANGS) == 4


def test_ctrl_c_ends_all_of_it_quietly() -> None:
    with two_at_work() as (process, workers):
        # as a terminal does: to every process of it
        for pid in (*workers, process.pid):
            os.kill(pid, signal.SIGINT)
        assert process.communicate(timeout=HANGS) == ("", "")
        wait_for(lambda: not any(map(is_alive, workers)))
    assert process.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_no_process_outlives_the_one_that_started_it(number: signal.Signals) -> None:
    with two_at_work() as (process, workers):
        process.send_signal(number)
        process.wait(timeout=HANGS)
        wait_for(lambda: not any(map(is_alive, workers)))


def test_a_reader_that_goes_away_ends_it() -> None:
    with ended(start()) as process:
        process.stdin.write("".join(map(request, range(20))))
        process.stdin.flush()
        assert process.stdout.readline()
        workers = children(process.pid)
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=HANGS) == 141
        wait_for(lambda: not any(map(is_alive, workers)))


def test_a_million_lines_would_not_take_more_memory(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from gradcalc.cli.app import main\n"
        "code = main(['batch', '--quiet'])\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(code, peak, file=sys.stderr)\n"
    )
    peaks = []
    line = '{"program": 1, "id": "%s"}\n' % ("x" * 2000)
    for count in (100, 10_000):
        with open(tmp_path / "in", "w") as file:
            file.writelines(line for _ in range(count))
        with open(tmp_path / "in") as given, open(tmp_path / "out", "w") as out:
            done = subprocess.run(
                [COMMAND[0], "-c", code], stdin=given, stdout=out, stderr=subprocess.PIPE,
                text=True, env=environment(), timeout=HANGS,
            )  # fmt: skip
        exit_code, peak = map(int, done.stderr.split())
        assert exit_code == 2
        assert (tmp_path / "out").read_bytes().count(b"\n") == count
        peaks.append(peak)
    # twenty megabytes went through
    assert peaks[1] < peaks[0] + 6_000


def test_a_terminal_shows_how_far_it_is(tmp_path: Path) -> None:
    lines = [request(n) if n != 20 else endless(n) for n in range(40)]
    given, answers = tmp_path / "in", tmp_path / "out"
    given.write_text("".join(lines))
    ours, theirs = pty.openpty()
    argv, streams = (str(given), "--workers", "1"), {"stderr": theirs}
    with ThreadPoolExecutor() as pool, answers.open("w") as out:
        # whoever reads nothing stops it once the terminal is full
        told = pool.submit(read_all, ours)
        with ended(start(*argv, stdout=out, **streams)) as process:
            os.close(theirs)
            wait_for(lambda: answers.read_bytes().count(b"\n") == 20)
            # so long nothing is shown
            time.sleep(1.1)
            os.kill(child_of(process.pid), signal.SIGKILL)
            shown = told.result(timeout=HANGS)
            assert process.wait(timeout=HANGS) == 4
    assert " requests, " in shown
    assert " a second" in shown
    assert "40 requests: 39 verified, 1 error in " in shown


def test_resume_goes_on_where_a_killed_run_stopped(batch: Batch, tmp_path: Path) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    numbers = list(range(60))
    lines = [request(n, x=n) for n in numbers]
    given.write_text("".join([*lines[:30], endless(30), *lines[31:]]))
    with ended(start(str(given), "--resume", str(out))):
        wait_for(lambda: out.exists() and out.read_bytes().count(b"\n") > 5)
    before = out.read_bytes()
    assert 5 < before.count(b"\n") <= 30
    out.write_bytes(before + b'{"schema":"gradcalc.report/1","id":')
    given.write_text("".join(lines))
    code, _, err = batch(str(given), "--resume", str(out), "--workers", "2")
    assert (code, ids(out.read_text().splitlines())) == (0, numbers)
    assert out.read_bytes().startswith(before)
    assert err.startswith(f"60 requests ({before.count(10)} of them before): 60 verified in ")
    again = out.read_bytes()
    assert batch(str(given), "--resume", str(out))[0] == 0
    assert out.read_bytes() == again


@pytest.mark.parametrize(
    ("content", "part"),
    [
        pytest.param("hello\n", "is not what such a run writes", id="strange"),
        pytest.param("hello", "is not what such a run writes", id="strange-half"),
        pytest.param('{"schema":"gradcalc.error/1","id":9,"line":1,"exit_code":2}\n',
                     "not the answer to line 1", id="other-id"),
        pytest.param('{"schema":"gradcalc.error/1","id":1,"line":4,"exit_code":2}\n',
                     "not the answer to line 1", id="other-line"),
        pytest.param('{"schema":"gradcalc.report/1","id":1,"program":"x+x","dtype":"float64",'
                     '"inputs":{"x":3.0},"verdict":{"outcome":"verified","exit_code":0}}\n',
                     "not the answer to line 1", id="other-program"),
        pytest.param('{"schema":"gradcalc.error/1","id":1,"line":1,"exit_code":2}\n' * 2,
                     "more answers than the input has requests", id="too-many"),
    ],
)  # fmt: skip
def test_resume_leaves_alone_what_does_not_fit(
    batch: Batch, content: str, part: str, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text(content)
    code, lines, err = batch("--resume", str(out), stdin=request(1))
    assert (code, lines) == (2, [])
    assert part in " ".join(err.split())
    assert out.read_text() == content


def test_a_table_comes_back_with_its_answers(batch: Batch, tmp_path: Path) -> None:
    given, out = tmp_path / "points.csv", tmp_path / "out.csv"
    given.write_text('\ufeffx,name,y\r\n1,"a, ""b""",2\r\n0.5,"two\nlines",1/3\r\n,c,1\r\n')
    argv = ("--csv", str(given), "k*x*y", "--k", "2", "--wrt", "x,y", "--expect", "x=2*y")
    code, _, err = batch(*argv, "--resume", str(out))
    table = out.read_bytes().decode()
    assert table.startswith(
        "\ufeffx,name,y,gradcalc.value,gradcalc.d/dx,gradcalc.d/dy,"
        "gradcalc.outcome,gradcalc.exit_code,gradcalc.message\r\n"
        '1,"a, ""b""",2,4,4,2,verified,0,'
    )
    assert '0.5,"two\nlines",1/3,0.3333333333333333,0.6666666666666666,1,verified' in table
    assert table.endswith(",c,1,,,,error,2,x: the cell is empty\r\n")
    assert (code, err[:35]) == (2, "3 requests: 2 verified, 1 error in ")
    whole = out.read_bytes()
    for size in (whole.index(b"lines"), len(whole) - 4):
        out.write_bytes(whole[:size])
        assert batch(*argv, "--resume", str(out))[0] == 2
        assert out.read_bytes() == whole
    out.write_bytes(whole.replace(b"0.5", b"0.7"))
    assert "not the answer to line 3" in " ".join(batch(*argv, "--resume", str(out))[2].split())


@pytest.mark.parametrize(
    ("argv", "stdin", "part"),
    [
        pytest.param(["none.jsonl"], "", "there is no file none.jsonl", id="no-file"),
        pytest.param(["."], "", "is a directory", id="directory"),
        pytest.param(["a", "b"], "", "one file of requests", id="two-files"),
        pytest.param(["--let", "u=x"], "", "--let goes with --csv", id="let"),
        pytest.param(["--worker", "2"], "", "did you mean --workers?", id="misspelt"),
        pytest.param(["--workers", "x"], "", "a whole number", id="workers"),
        pytest.param(["--csv", "-"], "", "--csv takes one program", id="no-program"),
        pytest.param(["--csv", "-", "-"], "x\n1\n", "standard input", id="program-from-stdin"),
        pytest.param(["--csv", "-", "x"], "", "the table is empty", id="empty"),
        pytest.param(["--csv", "-", "x"], "a,b\n1,2\n", "its columns are a, b", id="no-column"),
        pytest.param(["--csv", "-", "x*y"], "x,Y\n1,2\n", "or a column; those of the table are",
                     id="missing"),
        pytest.param(["--csv", "-", "x*y", "--x", "1"], "x,y\n1,2\n", "x is given twice",
                     id="twice"),
        pytest.param(["--csv", "-", "x*("], "x\n1\n", "closed", id="syntax"),
        pytest.param(["--resume", "no/such/out"], "{}", "cannot be written", id="no-folder"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_said_at_once(
    batch: Batch, argv: list[str], stdin: str, part: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, lines, err = batch(*argv, stdin=stdin)
    assert (code, lines) == (2, [])
    assert part in " ".join(err.split())


# Held, stopped, and answered before death


def played_by_hand(seconds: float | None = None) -> tuple[Workers, Slot]:
    """Processes, one at most, and a job that one of them has been given."""
    workers = Workers(Play(seconds), 1, 0.0)
    slot = Slot(Job(1, 0, b"one" if seconds is None else b"sleep %d" % HANGS))
    workers.give(slot)
    workers.wait([], 0.0)
    return workers, slot


def test_what_a_process_said_before_it_died_counts() -> None:
    workers, first = played_by_hand()
    try:
        (worker,) = workers.workers
        assert worker.connection.poll(HANGS)
        worker.process.kill()
        worker.process.join()
        second = Slot(Job(2, 0, b"two"))
        workers.give(second)
        while second.answer is None:
            workers.wait([], 0.1)
    finally:
        workers.end()
    assert [slot.answer and slot.answer.text for slot in (first, second)] == ["one\n", "two\n"]


def test_time_that_all_were_stopped_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    # the clock of the module alone: whoever waits for connections has the real one
    held = SimpleNamespace(monotonic=lambda: clock[0])
    monkeypatch.setattr("gradcalc.cli.batch.workers.time", held)
    workers, slot = played_by_hand(seconds=10.0)
    try:
        clock[0] += 3600.0
        workers.wait([], 0.0)
        assert slot.answer is None
        for _ in range(9):
            clock[0] += 1.0
            workers.wait([], 0.0)
        assert slot.answer is None
        for _ in range(2):
            clock[0] += 1.0
            workers.wait([], 0.0)
        assert slot.answer is not None
        assert "gave no answer in its time" in slot.answer.text
    finally:
        workers.end()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_a_file_is_written_by_one_run_until_that_ends(tmp_path: Path, number: int) -> None:
    """Those that calculate for a run keep nothing of it, though they are stopped when it dies."""
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(request(1) + endless(2))
    argv = (str(given), "--resume", str(out))
    with ended(start(*argv)) as process:
        wait_for(lambda: out.exists() and out.read_bytes().count(b"\n") == 1)
        (worker,) = wait_for(lambda: at_work(process.pid))
        before = out.read_bytes()
        code, lines, err = called(*argv)
        assert (code, lines) == (2, [])
        assert "another run is writing" in " ".join(err.split())
        assert out.read_bytes() == before
        os.kill(worker, signal.SIGSTOP)
        wait_for(lambda: state_of(worker) == "T")
        process.send_signal(number)
        process.wait(timeout=HANGS)
        given.write_text(request(1) + request(2))
        assert called(*argv)[0] == 0
        assert ids(out.read_text().splitlines()) == [1, 2]
        wait_for(lambda: not is_alive(worker))


@pytest.mark.parametrize("kind", ["device", "fifo"])
def test_resume_goes_on_with_files_alone(batch: Batch, tmp_path: Path, kind: str) -> None:
    out = "/dev/full"
    if kind == "fifo":
        out = str(tmp_path / "fifo")
        os.mkfifo(out)
    code, lines, err = batch("--resume", out, stdin=request(1))
    assert (code, lines) == (2, [])
    assert "is no file that a run could go on with" in " ".join(err.split())
