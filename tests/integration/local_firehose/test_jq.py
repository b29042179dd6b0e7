"""libjq in processes of its own: no program stalls, crashes or exhausts the server, and a record that tries fails alone."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from firehose_spec.error_documents import NON_JSON_MESSAGE
from local_firehose.jq import JqKeys, JqLimits, JqPool
from local_firehose.jq_dialect import IS_JQ_16
from local_firehose.jq_errors import JqCompileError

LIMITS = JqLimits(deadline_seconds=0.4, memory_mib=512)
GOOD = b'{"k":"a"}'


@pytest.fixture(scope="module")
def jq() -> Iterator[JqPool]:
    with JqPool(workers=2, limits=LIMITS) as pool:
        yield pool


def values(found: JqKeys) -> list[str | None]:
    return [None if code < 0 else found.distinct[code][0] for code in found.codes.tolist()]


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        pytest.param("last(range(1e12))", "used more than 0.4 seconds of CPU time", id="endless"),
        pytest.param("def f: f; f", "used more than 0.4 seconds|broke off", id="endless-recursion"),
        pytest.param('"x" * (.bad * 2000000000)', "broke off|used more than", id="memory-at-once"),
        pytest.param("[range(1e9)]", "broke off|used more than", id="memory-bit-by-bit"),
        pytest.param(
            '[limit(100000; repeat("x"))] | join("") | test("(x+x+)+y")', "used more than|broke off", id="regex"
        ),
    ],
)
def test_record_that_kills_its_process_fails_alone(poison: str, reason: str, jq: JqPool) -> None:
    query = f"if .bad then {{k: ({poison} | tostring)}} else {{k: .k}} end"
    found = jq.keys(query, ("k",), [GOOD, b'{"bad":1}', GOOD, b"{", GOOD])
    assert values(found) == ["a", None, "a", None, "a"]
    assert found.failures[3] == NON_JSON_MESSAGE
    assert set(found.failures) == {1, 3}
    assert re.search(reason, found.failures[1])


@pytest.mark.skipif(IS_JQ_16, reason="libjq 1.6 computes nothing while it compiles")
def test_program_that_kills_its_process_is_refused_and_costs_little(jq: JqPool) -> None:
    query = '{k: ("x" * 2000000000)}'
    with pytest.raises(JqCompileError, match="broke off while it compiled"):
        jq.check(query)
    assert set(jq.keys(query, ("k",), [GOOD] * 500).codes.tolist()) == {-1}


def test_many_records_that_kill_their_process_cost_little_each(jq: JqPool) -> None:
    records = [b'{"bad":1}' if at % 2 else GOOD for at in range(12)]
    found = jq.keys("if .bad then last(range(1e12)) else {k: .k} end", ("k",), records)
    assert values(found) == [None if at % 2 else "a" for at in range(12)]
    assert sorted(message.count("0.1 seconds") for message in found.failures.values()) == [0] * 4 + [1] * 2


def test_killed_process_is_started_again() -> None:
    before = set(children())
    with JqPool(workers=1, limits=LIMITS) as pool:
        assert values(pool.keys("{k: .k}", ("k",), [GOOD])) == ["a"]
        (child,) = set(children()) - before
        os.kill(child, signal.SIGKILL)
        assert values(pool.keys("{k: .k}", ("k",), [b'{"k":"b"}', GOOD])).count("a") == 1
        assert values(pool.keys("{k: .k}", ("k",), [GOOD] * 3)) == ["a"] * 3


def test_closed_pool_leaves_no_process() -> None:
    before = set(children())
    with JqPool(workers=2, limits=LIMITS) as pool:
        pool.keys("{k: .k}", ("k",), [GOOD] * 3000)
        assert set(children()) - before
    assert set(children()) == before


def children() -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "jq_worker" in line]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param(".a |", "syntax error, unexpected", id="cut-short"),
        pytest.param("{a: abs}", "abs/0 is not defined at <top-level>, line 1:", id="function-of-later-versions"),
        pytest.param("{a: $nobody}", "nobody is not defined", id="variable"),
        pytest.param('import "x" as x; {a: 1}', "import is not available", id="module-that-would-abort-libjq"),
        pytest.param('include "x"; {a: 1}', "include is not available", id="include"),
        pytest.param("if .a then {a: 1} end", "syntax error", id="syntax-of-later-versions"),
        pytest.param("{a: .a}) | ({b: .b}", "syntax error", id="parentheses-that-reach-outside"),
        pytest.param("1 / 0", "Division by zero", id="constant-division"),
    ],
)
def test_program_that_does_not_compile_is_refused_with_the_reason(query: str, message: str, jq: JqPool) -> None:
    with pytest.raises(JqCompileError, match=message):
        jq.check(query)


@pytest.mark.skipif(not IS_JQ_16, reason="the words are libjq 1.6's own")
def test_reason_is_jqs_own_message(jq: JqPool) -> None:
    with pytest.raises(JqCompileError) as caught:
        jq.check("{a: .a")
    assert str(caught.value).startswith("jq: error: syntax error, unexpected $end, expecting '}' (Unix shell quoting")
    assert "{a: .a" in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("{k: .k} # the end", id="comment-at-the-end"),
        pytest.param("def f: .k; {k: f}", id="definition"),
        pytest.param("debug | {k: .k}", id="debug-goes-nowhere"),
        pytest.param("stderr | {k: .k}", id="stderr-goes-nowhere"),
        pytest.param("{k: .k} | ., (halt | .)", id="halt-gives-nothing"),
    ],
)
def test_program_is_evaluated_on_each_record(query: str, jq: JqPool) -> None:
    jq.check(query)
    assert values(jq.keys(query, ("k",), [GOOD, b'{"k":"b"}', GOOD])) == ["a", "b", "a"]


def test_large_batch_is_shared_by_the_processes_and_keeps_its_order(jq: JqPool) -> None:
    records = [b'{"k":"%d"}' % (at * 7 % 1000) for at in range(5000)]
    found = jq.keys("{k: .k}", ("k",), records)
    assert values(found) == [str(at * 7 % 1000) for at in range(5000)]
    assert len(found.distinct) == len(set(found.distinct)) == 1000


def test_records_of_a_megabyte_are_read(jq: JqPool) -> None:
    records = [json.dumps({"k": f"v{at}", "x": "y" * 1_000_000}).encode() for at in range(6)]
    assert values(jq.keys("{k: .k}", ("k",), records)) == [f"v{at}" for at in range(6)]


def test_no_records_no_work(jq: JqPool) -> None:
    found = jq.keys("{k: .k}", ("k",), [])
    assert (found.codes.tolist(), found.distinct, found.failures) == ([], [], {})


def test_threads_share_the_pool(jq: JqPool) -> None:
    results: dict[int, list[str | None]] = {}

    def work(number: int) -> None:
        results[number] = values(jq.keys("{k: .k}", ("k",), [b'{"k":"%d"}' % number] * 50))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {number: [str(number)] * 50 for number in range(8)}


def test_program_sees_no_environment(jq: JqPool) -> None:
    assert values(jq.keys('{k: ($ENV + env | keys | join(","))}', ("k",), [b"{}"])) == ["TZ"]


def is_jq_16_installed() -> bool:
    command = shutil.which("jq")
    return (
        command is not None
        and "1.6" in subprocess.run([command, "--version"], capture_output=True, check=True, text=True).stdout
    )


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**18), 10**18),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=6),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
PROGRAMS = (
    '"\\(.v)"',
    ".v | tostring",
    ".v | tojson",
    ".v | @text",
    ".v | @uri",
    ".v | @csv?",
    ".v | @sh?",
    ".v | length | tostring",
    ".v | tojson | fromjson | tostring",
    '.v | (numbers | strftime("%Y-%m-%dT%H:%M:%SZ"))',
    '.v | (strings | ascii_upcase, ltrimstr("a"), (split("") | join("-")))',
    ".v | (numbers | ., . * 3, . / 7, floor, -. | tostring)",
    '[.v | .. | scalars] | map(tostring) | join("|")',
    ".v | (strings | tonumber?) | tostring",
    ".v | (arrays | sort, (map(tostring) | unique) | tostring)",
    ".v | (objects | keys, to_entries | tostring)",
)


@pytest.mark.skipif(not is_jq_16_installed(), reason="needs the command jq, version 1.6")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(VALUES, min_size=1, max_size=8))
def test_values_are_those_of_the_jq_16_command(documents: list[object], jq: JqPool) -> None:
    records = [json.dumps({"v": value}).encode() for value in documents]
    parts = ", ".join(f'([try ({one}) catch "!"] | map(tostring))' for one in PROGRAMS)
    program = f"[{parts}] | tojson"
    command = subprocess.run(
        ["jq", "-c", f"{{k: ({program})}}"],
        input=b"\n".join(records),
        capture_output=True,
        check=False,
        env={"TZ": "UTC", "PATH": os.environ["PATH"]},
    )
    assume(command.returncode == 0)  # times beyond what the C library can print make it abort
    expected = [json.loads(line)["k"] for line in command.stdout.splitlines()]
    assert values(jq.keys(f"{{k: ({program})}}", ("k",), records)) == expected
