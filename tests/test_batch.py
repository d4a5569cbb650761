"""Requests and rows, one by one, in this process: what is read, what is answered, what is cut."""

import csv
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradcalc.cli.app import main
from gradcalc.cli.batch.job import Job, JobAnswer, Tally
from gradcalc.cli.batch.reading import Lines, Records, Splitter
from gradcalc.cli.batch.requests import JsonRequests
from gradcalc.cli.batch.table import TableRows, cells_of, read_columns
from gradcalc.cli.options import Options
from gradcalc.errors import LimitError, UsageError
from gradcalc.render import Style

STYLE = Style(width=80, color=False)
DOT = '{"program": "2*dot(x,x)", "inputs": {"x": [0, 1]}'
ONE = '{"program": "x*x", "inputs": {"x": 3}'
TANH, TANH_SLOPE = '{"program": "tanh(x)", "inputs": {"x": 0.5}', 0.7864477329659274
TWO = '{"program": "x*y", "inputs": {"x": 2, "y": 3}'


def nothing(seconds: float | None) -> None:
    del seconds


def asked(text: str | bytes, **defaults: Any) -> JobAnswer:
    work = JsonRequests(Options(programs=(), **defaults), STYLE)
    data = text.encode() if isinstance(text, str) else text
    return work.answer(Job(7, 0, data), nothing)


GOOD = [
    pytest.param(DOT + "}", "verified", [0, 4], id="list"),
    pytest.param('{"program": "2*dot(x,x)", "inputs": {"x": "0,1"}}', "verified", [0, 4],
                 id="text"),
    pytest.param('{"program": "sum(x)", "inputs": {"x": [[1, 2], [3, 4]]}}', "verified",
                 [[1, 1], [1, 1]], id="matrix"),
    pytest.param('{"program": "x", "inputs": {"x": "1/3"}}', "verified", 1, id="fraction"),
    pytest.param('{"program": "x", "inputs": {"x": "NaN"}}', None, 1, id="nan"),
    pytest.param('{"program": "x", "inputs": {"x": ["-Infinity", 1]}}', None, [1, 1], id="inf"),
    pytest.param(ONE + ', "of": null, "let": {}, "detach": [], "wrt": [], "expect": null}',
                 "verified", 6, id="empty-keys"),
    pytest.param('{"program": "u*x", "let": {"u": "x*x"}, "detach": "u", "inputs": {"x": 3}}',
                 "verified", 9, id="let-detach"),
    pytest.param('{"program": "u*x", "let": ["u=x*x"], "detach": ["u"], "inputs": {"x": 3}}',
                 "verified", 9, id="let-list"),
    pytest.param(ONE + ', "expect": "2*x"}', "verified", 6, id="claim"),
    pytest.param(ONE + ', "expect": "3*x"}', "wrong", 6, id="wrong-claim"),
    pytest.param(ONE + ', "expect": 6}', "verified", 6, id="claim-number"),
    pytest.param(DOT + ', "expect": {"x": [0, 4]}}', "verified", [0, 4], id="claim-numbers"),
    pytest.param(DOT + ', "expect": [0, 5]}', "wrong", [0, 4], id="wrong-numbers"),
    # of numbers all digits are meant, of a text those that it has
    pytest.param(TANH + ', "expect": 0.7864}', "wrong", TANH_SLOPE, id="claim-short-number"),
    pytest.param(TANH + ', "expect": 0.7864, "tol": 1e-4}', "verified", TANH_SLOPE, id="claim-tol"),
    pytest.param(TANH + ', "expect": "0.7864"}', "verified", TANH_SLOPE, id="claim-digits"),
    pytest.param(TWO + ', "expect": ["x=y", "y=x"], "wrt": "x,y"}', "verified", 3,
                 id="claims-list"),
    pytest.param(TWO + ', "expect": [{"x": "y"}, {"y": "u = x; u"}]}', "verified", 3,
                 id="claims-objects"),
    pytest.param(TWO + ', "expect": {"x": "y", "y": "2*x"}}', "wrong", 3, id="one-fails"),
    pytest.param('{"program": "x*x", "inputs": {"x": [1, 2]}, "cotangent": [0, 1]}', "verified",
                 [0, 4], id="cotangent"),
    pytest.param('{"program": "u = x*x; u + x", "of": "u", "inputs": {"x": 3}}', "verified", 6,
                 id="of"),
    pytest.param(ONE + ', "dtype": "float32", "strict": true, "seed": 1, "timeout": 9,'
                 ' "max_steps": 99, "device": "cpu", "enclose": true}',
                 "verified", 6, id="options"),
    pytest.param(ONE + ', "check": false}', "unresolved", 6, id="no-check"),
    pytest.param('{"program": "abs(x)", "inputs": {"x": 0}}', "kink", 0, id="kink"),
    pytest.param("\ufeff" + DOT + "}\r", "verified", [0, 4], id="mark-and-return"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "outcome", "gradient"), GOOD)
def test_a_request_is_answered(text: str, outcome: str | None, gradient: object) -> None:
    answer = asked(text)
    report = json.loads(answer.text)
    assert report["schema"] == "gradcalc.report/1"
    assert outcome in (None, report["verdict"]["outcome"])
    assert (answer.word, answer.exit_code) == (
        report["verdict"]["outcome"],
        report["verdict"]["exit_code"],
    )
    assert report["gradients"]["x"]["autograd"] == gradient
    assert answer.text.endswith("\n")
    assert answer.text.count("\n") == 1


BAD = [
    pytest.param("nonsense", "usage", "not JSON", id="no-json"),
    pytest.param(ONE, "usage", "not JSON", id="half"),
    pytest.param("[1, 2]", "usage", "is a list, not an object", id="list"),
    pytest.param("null", "usage", "is null", id="null"),
    pytest.param('"x"', "usage", "is a text", id="string"),
    pytest.param(b'{"program": "\xff"}', "usage", "UTF-8", id="bytes"),
    pytest.param("{}", "usage", "has no program", id="no-program"),
    pytest.param('{"program": 3}', "usage", "program is a number", id="program-number"),
    pytest.param('{"program": "-"}', "usage", "standard input", id="stdin-program"),
    pytest.param(ONE + ', "expext": 1}', "usage", "expext", id="unknown-key"),
    pytest.param(ONE + ', "inputs": {}}', "usage", "twice", id="key-twice"),
    pytest.param('{"program": "x", "inputs": {"x": NaN}}', "usage", "NaN", id="nan"),
    pytest.param('{"program": "x", "inputs": {"x": 1e999}}', "value", "too large", id="float"),
    pytest.param('{"program": "x", "inputs": {"x": 1' + "0" * 400 + "}}", "value", "too large",
                 id="integer"),
    pytest.param('{"program": "x", "inputs": {"x": 1' + "0" * 5000 + "}}", "value", "too large",
                 id="long-integer"),
    pytest.param('{"program": "x", "inputs": {"x": ' + "[" * 100_000 + "}}", "usage",
                 "nested too deeply", id="nested"),
    pytest.param('{"program": "x", "inputs": {"x": [[1], 2]}}', "shape", "not alike",
                 id="ragged"),
    pytest.param('{"program": "x", "inputs": {"x": "@-"}}', "usage", "standard input", id="stdin"),
    pytest.param('{"program": "x", "inputs": [1]}', "usage", "inputs is a list", id="inputs-list"),
    pytest.param('{"program": "x"}', "name", "x has no value", id="missing"),
    pytest.param('{"program": "x", "inputs": {"x": 1, "y": 2}}', "name", "does not use y",
                 id="unused"),
    pytest.param('{"program": "x*(", "inputs": {"x": 1}}', "syntax", "closed", id="syntax"),
    pytest.param('{"program": "x@x", "inputs": {"x": [[1, 2]]}}', "shape", "", id="shape"),
    pytest.param('{"program": "while x < 2: x = x*1\\nx", "inputs": {"x": 1}, "max_steps": 9}',
                 "limit", "9 steps", id="limit"),
    pytest.param(ONE + ', "strict": 1}', "usage", "strict is a number", id="flag"),
    pytest.param(ONE + ', "order": 1000000000000000000000}', "usage", "at most 100", id="order"),
    pytest.param(ONE + r', "dtype": "\ud800"}', "usage", "half of a surrogate", id="half"),
    pytest.param(ONE + r', "dtype": "\u001b"}', "usage", r"\x1b: there is no", id="escape"),
    pytest.param(ONE + ', "seed": true}', "usage", "seed is true or false", id="seed"),
    pytest.param(ONE + ', "seed": 0.5}', "usage", "a whole number", id="seed-half"),
    pytest.param(ONE + ', "timeout": 0}', "usage", "above 0", id="timeout"),
    pytest.param(ONE + ', "dtype": "int8"}', "usage", "no such choice", id="dtype"),
    pytest.param(ONE + ', "wrt": [1]}', "usage", "wrt is a number", id="wrt"),
    pytest.param(ONE + ', "wrt": "z"}', "name", "no z", id="wrt-unknown"),
    pytest.param(ONE + ', "expect": {"z": "u = 1; u"}}', "name", "no z", id="claim-unknown"),
    pytest.param(ONE + ', "expect": true}', "usage", "expect is true or false", id="claim-bool"),
    pytest.param(ONE + ', "let": {"u": 1}}', "usage", "let is a number", id="let"),
    pytest.param(ONE + ', "let": "u"}', "usage", "in front of a =", id="let-nameless"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "part"), BAD)
def test_a_bad_request_is_an_error_line(text: str | bytes, kind: str, part: str) -> None:
    answer = asked(text)
    found = json.loads(answer.text)
    assert (found["schema"], found["error"]["kind"]) == ("gradcalc.error/1", kind)
    assert part in found["error"]["message"]
    assert (found["line"], found["id"]) == (7, None)
    assert (answer.word, answer.exit_code) == ("error", found["exit_code"])


def test_a_key_almost_right_is_named() -> None:
    assert json.loads(asked(ONE + ', "dtyp": 1}').text)["error"]["hint"] == "did you mean dtype?"


@pytest.mark.parametrize("id", ['"a"', "null", "3", "[1, {}]", '"\\ud800"'])
def test_the_id_comes_back(id: str) -> None:
    good, bad = asked(ONE + f', "id": {id}}}'), asked(f'{{"id": {id}, "program": 1}}')
    for answer in (good, bad):
        assert list(json.loads(answer.text))[:2] == ["schema", "id"]
        assert json.loads(answer.text)["id"] == json.loads(id)


def test_the_report_is_that_of_grad(capsys: pytest.CaptureFixture[str]) -> None:
    main(["grad", "sum(exp(x)*y)", "--x", "0,1/3", "--y", "2", "--wrt", "y,x", "--json"])
    request = '{"program": "sum(exp(x)*y)", "inputs": {"x": "0,1/3", "y": 2}, "wrt": ["y", "x"]}'
    assert asked(request).text == capsys.readouterr().out


def test_what_a_request_leaves_out_comes_from_the_command() -> None:
    answer = asked(ONE + "}", dtype="float32", check=False)
    report = json.loads(answer.text)
    assert (report["dtype"], answer.word) == ("float32", "unresolved")
    assert json.loads(asked(ONE + ', "check": true}', check=False).text)["gradients"]


def test_a_fault_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(options: Options) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("gradcalc.cli.batch.requests.report_of", broken)
    answer = asked(ONE + ', "id": 1}')
    assert (answer.exit_code, json.loads(answer.text)["error"]["kind"]) == (70, "fault")
    assert json.loads(answer.text)["id"] == 1


def cut(splitter: Splitter, data: bytes, size: int) -> Iterator[tuple[int, int, bytes | None]]:
    for start in range(0, len(data), size):
        for job in splitter.feed(data[start : start + size]):
            yield job.line, job.end, job.text
    for job in splitter.finish():
        yield job.line, job.end, job.text


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_lines_are_cut_however_they_come(size: int) -> None:
    data = b"one\n\n  \ntoo long for it\nthree"
    found = [(1, 4, b"one"), (4, 24, None), (5, 29, b"three")]
    assert list(cut(Lines(8), data, size)) == found


@pytest.mark.parametrize(
    ("text", "id"),
    [
        pytest.param('{"id": 7, "program": "x", "inputs": {"x": 1e999}}', 7, id="too-large"),
        pytest.param('{"id": 8, "program": "x", "program": "y"}', 8, id="twice"),
        pytest.param('{"id": "a", "program', "a", id="cut-off"),
        pytest.param('{"program": "x", "id', None, id="cut-off-before"),
        pytest.param(r'{"id": "\ud83d\ude00", "program": 1}', "\U0001f600", id="pair"),
        pytest.param('{"id": NaN, "program": "x"}', None, id="nan"),
        pytest.param('{"id": [1, {"a": -1e999}], "program": "x"}', None, id="infinite"),
        pytest.param('{"id": Infinity', None, id="infinite-cut-off"),
        pytest.param('{"id": ' + '{"a":' * 900 + "1" + "}" * 900 + "}", None, id="deep"),
        pytest.param('{"id": ' + "[" * 201 + "]" * 201 + ', "program": 1}', None, id="too-deep"),
    ],
)
def test_an_error_has_the_id_where_it_can_be_read(text: str, id: object) -> None:
    assert json.loads(asked(text).text)["id"] == id


def test_a_quote_that_is_not_closed_does_not_take_the_whole_table() -> None:
    data = b'1,"open\n' + b"2,3\n" * 3_000
    found = list(cut(Records(",", Lines(blank=True)), data, 1_000))
    assert found[0][2] is None
    assert found[-1][2] == b"2,3"
    assert len(found) > 1_900


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_quoted_cell_may_have_lines(size: int) -> None:
    data = b'1,"a\n\nb"\n\n2,5" pipe\n3,"open\nend'
    found = [(1, 9, b'1,"a\n\nb"'), (5, 20, b'2,5" pipe'), (6, 31, b'3,"open\nend')]
    assert list(cut(Records(",", Lines(blank=True)), data, size)) == found


def test_a_cell_of_many_lines_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, seen = csv.reader, []

    def counted(lines: Iterator[str], **options: Any) -> Any:
        return reader((seen.append(len(line)) or line for line in lines), **options)  # type: ignore[func-returns-value]

    monkeypatch.setattr("gradcalc.cli.batch.reading.csv.reader", counted)
    data = b'1,"open\n' + b'say ""so""\n' * 900 + b'end"\n2,3\n'
    found = [text for _, _, text in cut(Records(",", Lines(blank=True)), data, 1_000)]
    assert found == [data[:-5], b"2,3"]
    assert sum(seen) < 2 * len(data)


@pytest.mark.parametrize(
    ("header", "delimiter", "inputs"),
    [
        pytest.param("x,y", ",", ["x", "y"], id="comma"),
        pytest.param("x;y;a,b", ";", ["x", "y"], id="semicolon"),
        pytest.param("A[0,0]\tA[0,1]", "\t", ["A[0,0]", "A[0,1]"], id="tab"),
        pytest.param('"A[0,0]","A[0,1]"', ",", ["A[0,0]", "A[0,1]"], id="quoted"),
        pytest.param("note; or so,x,y", ",", ["x", "y"], id="by-inputs"),
        pytest.param(" x [0], x[0] ,x[1]", ",", ["x[0]", "x[1]"], id="spaces"),
        pytest.param("x", ",", ["x"], id="single"),
    ],
)
def test_columns_are_found(header: str, delimiter: str, inputs: list[str]) -> None:
    columns = read_columns(header + "\n", {"x", "y", "A"})
    assert columns.delimiter == delimiter
    assert [column.title for column in columns.inputs] == inputs


@pytest.mark.parametrize(
    ("header", "part"),
    [
        pytest.param("x,x", "same number", id="twice"),
        pytest.param("x,x[0]", "same number", id="whole-and-part"),
        pytest.param("x[0],x[0]", "same number", id="element-twice"),
        pytest.param("x[0],x[2]", "no column for x[1]", id="gap"),
        pytest.param("x[1]", "no column for x[0]", id="from-one"),
        pytest.param("x[99999999999]", "no column for an element", id="far"),
        pytest.param('x[0],"x[0,1]"', "different lengths", id="ranks"),
        pytest.param("x,gradcalc.value", "already", id="output-again"),
    ],
)
def test_columns_that_do_not_fit_are_refused(header: str, part: str) -> None:
    with pytest.raises(UsageError, match=part.replace("[", r"\[")):
        read_columns(header + "\n", {"x"})


def row(header: str, text: str, program: str, names: set[str], **options: Any) -> list[str]:
    columns = read_columns(header + "\n", names)
    wrt = options.pop("wrt", columns.names)
    work = TableRows(Options(programs=(program,), **options), columns, wrt)
    answer = work.answer(Job(2, 0, text.encode()), nothing)
    assert answer.text.endswith(columns.ending)
    assert work.recognised(answer.text) == answer
    assert work.fits(Job(2, 0, text.encode()), answer.text)
    assert not work.fits(Job(2, 0, b"other" + text.encode()), answer.text)
    width = len(work.header.split(columns.delimiter))
    cells = cells_of(answer.text, columns.delimiter)
    assert len(cells) >= width
    return cells[len(columns.header) :]


@pytest.mark.parametrize(
    ("header", "text", "program", "added"),
    [
        pytest.param("x;y", "2;3", "x*y", ["6", "3", "2", "verified", "0"], id="scalars"),
        pytest.param("x;y", "1/3;0.5", "x", ["", "", "", "error", "2"], id="unused"),
        pytest.param("x[0];x[1]", "1;2", "x@x", ["5", "2", "4", "verified", "0"], id="vector"),
        pytest.param("x", '"1,2"', "x@x", ["5", "2,4", "verified", "0"], id="cell-of-two"),
        pytest.param("x", "0", "abs(x)", ["0", "0", "kink", "3"], id="kink"),
        pytest.param("x;y", "2;", "x*y", ["", "", "", "error", "2", "y: the cell is empty"],
                     id="empty"),
        pytest.param("x;y", "2", "x*y", ["", "", "", "error", "2"], id="short"),
        pytest.param("x;y", "2;3;4", "x*y", ["", "", "", "error", "2"], id="long"),
        pytest.param("x;y", "1,5;2", "x*y", ["", "", "", "error", "2"], id="decimal-comma"),
        pytest.param("x;y", "@-;2", "x*y", ["", "", "", "error", "2"], id="stdin"),
        pytest.param("x[0];x[1]", "1;[2,3]", "x@x", ["", "", "", "error", "2"], id="not-single"),
    ],
)  # fmt: skip
def test_a_row_is_answered(header: str, text: str, program: str, added: list[str]) -> None:
    assert row(header, text, program, {"x", "y"})[: len(added)] == added


def test_a_table_of_float32_has_short_numbers_and_the_ending_it_had() -> None:
    added = row("x\r", "0.1\r", "x*x", {"x"}, dtype="float32")
    assert added[:2] == ["0.010000001", "0.2"]


def test_the_worst_code_is_that_of_the_stream() -> None:
    tally = Tally()
    codes = [0, 3, 4, 2, 1, 70]
    for count, code in enumerate(codes):
        tally.add(JobAnswer("", "error" if code > 1 else "wrong", code), earlier=not count)
        assert tally.exit_code == code
    for code in codes:
        tally.add(JobAnswer("", "kink", code))
    assert tally.exit_code == 70
    expected = "12 requests (1 of them before): 6 kink, 2 wrong, 4 errors in 3.5 s\n"
    assert tally.summary(3.5) == expected
    assert Tally().summary(1) == "no requests\n"


def test_an_error_in_place_of_an_answer_has_the_id() -> None:
    work = JsonRequests(Options(programs=()), STYLE)
    text = b'{"id": 4, "program": "x"}'
    found = json.loads(work.failed(Job(3, 0, text), LimitError("too slow")).text)
    assert (found["id"], found["line"], found["exit_code"]) == (4, 3, 4)
    assert json.loads(work.answer(Job(3, 0, None), nothing).text)["error"]["kind"] == "limit"


def test_numbers_that_json_lacks_go_round() -> None:
    report = json.loads(asked('{"program": "x", "inputs": {"x": ["NaN", "Infinity"]}}').text)
    again = asked(json.dumps({"program": "x", "inputs": report["inputs"]}))
    assert json.loads(again.text) == report
    assert np.isnan(float(report["inputs"]["x"][0]))
    assert math.isinf(float(report["inputs"]["x"][1]))
