"""Keys of random programs: remembered, cut into parts or asked with projections, they are what libjq says of each whole record."""

import re
from collections.abc import Iterator
from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firehose_spec.glue_types import Column, parse
from local_firehose import partition_keys
from local_firehose.conversion import Converter, converter_for
from local_firehose.jq import JqLimits, JqPool
from local_firehose.jq_errors import JqCompileError
from local_firehose.jq_leaf_kinds import TextTable
from local_firehose.jq_leaf_reader import RecordTable
from local_firehose.partition_keys import Extracted, PartitionKeyExtractor
from local_firehose.stream_config import Conversion, SchemaReference

COLUMNS = tuple(Column(name, parse(kind)) for name, kind in {"a": "string", "b": "string", "t": "bigint"}.items())
CONVERSION = Conversion(
    SchemaReference("r", "c", "d", "t", "us-east-1", "LATEST"), "OpenXJsonSerDe", {}, "ParquetSerDe", {}
)
PATHS = (".a", ".b", ".c", ".t", ".x", ".a.b", ".a.c", ".b.a", ".a.b.c", ".b?", '."a"', ".", ".a[0:2]", ".b[:1]")
LITERALS = ("0", "1", "-1", "2", "1.5", "1e17", '"k"', '"a"', "null", "true", "false", "[]", "[1,2]", "{}", '{"a":1}')
# <e> is an expression, <p> a path
TEMPLATES = (
    *("(<e> | <e>)", "(<p> | <e>)", "(<e>, <e>)", "[<e>]", "(-<e>)", '"\\(<e>)-x"', "(<e> | tostring)", "(<e>?)"),
    *("(<e> + <e>)", "(<e> - <e>)", "(<e> * <e>)", "(<e> / <e>)", "(<e> == <e>)", "(<e> < <e>)", "(<e> // <e>)"),
    *("(<e> and <e>)", "(if <e> then <e> else <e> end)", "(try <e> catch <e>)", "(try error(<e>) catch .)"),
    *("(<p> = <e>)", "(<p> |= <e>)", "(<p> += <e>)", "(<e> |= <e>)", "path(<e>)", "del(<p>)", "getpath([<e>])"),
    *("select(<e>)", "first(<e>)", "[limit(2; <e>)]", "last(<e>)", "isempty(<e>)", "any(<e>; <e>)", "map(<e>)"),
    *(
        "(<e> | length)",
        "(<e> | type)",
        "(<e> | keys)",
        "(<e> | add)",
        "(<e> | floor)",
        "(<e> | not)",
        "(<e> | tojson)",
    ),
    *(
        "(<e> | split(<e>))",
        "(<e> | test(<e>))",
        "(<e> | has(<e>))",
        "error(<e>)",
        "(<e> | todate)",
        "empty",
        ".[]",
        "..",
    ),
    *(
        "{a: <e>, b: <p>}",
        "{(<e>): <e>}",
        "{a}",
        '{"b"}',
        ".[<e>]",
        "(label $out | <e>, break $out, <e>)",
        "(.c.a | 5)",
    ),
    *(
        '(.t|strftime("%H"))',
        '(.t/1000|strftime("%d"))',
        '(.t/1000|floor|strftime("%H:%M"))',
        '(.t/1000000|strftime("%H"))',
    ),
)
PATTERNS = ("$<v>", "[$<v>]", "{a: $<v>}", "{$a}", "{$b: [$<v>]}", "[$<v>] ?// $<v>", '{"b": $<v>}')
DOCUMENTS = (
    b"",
    b"{",
    b"[]",
    b'"a"',
    b"{}{}",
    b'{"a":nan}',
    b'{"a":1,}',
    b'{"a":"\xff","b":"\xc3"}',
    b'{"\xff":1,"a":2,"a":3}',
)
SCALARS = (
    *(
        "1",
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e2",
        "12345678901234567890",
        "0.1",
        "null",
        "true",
        '"x"',
        '"a"',
        '"S1"',
        '""',
        '"é"',
    ),
    *('"\\u0041b"', '"\\ud800"', '"1"', '"a-b"', '"\\n"', "9007199254740993", "-1.5e-7", "1E400", "[]", "[1]", "{}"),
    *('{"b":1}', '{"b":"x","c":null}', '{"b":{"c":"q"}}'),
)
TIMES = ("0", "3599", "3600", "1715900123", "1715900123456", "-5", "9000003599999999", "9000003600000000")


class Programs:
    """Draws programs, most of them sensible to jq."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self._count = 0

    def query(self) -> tuple[str, tuple[str, ...]]:
        names = ("k", "l", "m")[: self.draw.randint(1, 3)]
        before, variables, functions = "", list[str](), list[str]()
        for _ in range(self.draw.choice((0, 0, 1, 2))):
            if self.draw.random() < 0.5:
                pattern, found = self._pattern()
                before += f"{self.expression(1, variables, functions)} as {pattern} | "
                variables += found
            else:
                name = self._fresh("f")
                before += f"def {name}: {self.expression(2, variables, functions)}; "
                functions.append(name)
        values = [self.expression(self.draw.randint(1, 3), variables, functions) for _ in names]
        wrapped = [self.draw.choice(('(first((%s | tostring)?, "z"))', "(%s | tojson)", "(%s)")) for _ in names]
        entries = (
            f"{name}: {wrap.replace('%s', value)}" for name, wrap, value in zip(names, wrapped, values, strict=True)
        )
        return f"{before}{{{', '.join(entries)}}}", names

    def expression(self, depth: int, variables: list[str], functions: list[str]) -> str:
        def inner() -> str:
            return self.expression(depth - self.draw.randint(1, 2), variables, functions)

        if depth <= 0:
            named = [f"${name}" for name in variables] + [f"${name}.b" for name in variables] + functions
            return self.draw.choice(
                (self.draw.choice(PATHS), self.draw.choice(LITERALS), self.draw.choice(named or PATHS))
            )
        kind = self.draw.randint(0, 9)
        if kind == 0:
            name, parameter = self._fresh("f"), self._fresh("g")
            if self.draw.random() < 0.5:
                return f"(def {name}: {inner()}; {self.expression(depth - 1, variables, [*functions, name])})"
            body = self.expression(depth - 1, variables, [*functions, parameter])
            return f"(def {name}({parameter}): {body}; {inner()} | {name}({inner()}))"
        if kind == 1:
            name, value = self._fresh("f"), self._fresh("v")
            counted = f'(def {name}: if type != "number" or . > 3 then . else (. + 1 | {name}) end; {inner()} | {name})'
            body = self.expression(depth - 1, [*variables, value], functions)
            return self.draw.choice((counted, f"(def {name}(${value}): {body}; {inner()} | {name}({inner()}))"))
        if kind in {2, 3}:
            pattern, found = self._pattern()
            body = self.expression(depth - 1, variables + found, functions)
            source = self.draw.choice((inner(), inner(), "range(3)", "(1, 2)"))
            return self.draw.choice(
                (
                    f"({source} as {pattern} | {body})",
                    f"(reduce {source} as {pattern} ({inner()}; {body}))",
                    f"(first(foreach {source} as {pattern} ({inner()}; {body}; {body})))",
                )
            )
        template = self.draw.choice(TEMPLATES)
        return re.sub("<e>|<p>", lambda found: inner() if found[0] == "<e>" else self.draw.choice(PATHS), template)

    def record(self) -> bytes:
        if self.draw.random() < 0.05:
            return self.draw.choice(DOCUMENTS)
        if self.draw.random() < 0.3:  # one that the bulk parse takes
            values = (self.draw.choice(("x", "y", "a-b")), self.draw.choice(("1", "q", "")), self.draw.choice(TIMES))
            return '{{"a":"{}","b":"{}","t":{}}}'.format(*values).encode()
        keys = self.draw.sample("abctx", self.draw.randint(1, 5))
        values = [self.draw.choice(TIMES if key == "t" and self.draw.random() < 0.7 else SCALARS) for key in keys]
        return "{{{}}}".format(",".join(f'"{key}":{value}' for key, value in zip(keys, values, strict=True))).encode()

    def _pattern(self) -> tuple[str, list[str]]:
        value = self._fresh("v")
        pattern = self.draw.choice(PATTERNS).replace("<v>", value)
        return pattern, re.findall(r"\$(\w+)", pattern)

    def _fresh(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"


@pytest.fixture(scope="module")
def jq() -> Iterator[JqPool]:
    with JqPool(workers=1, limits=JqLimits(deadline_seconds=1, memory_mib=512)) as pool:
        yield pool


@pytest.fixture(scope="module")
def converter() -> Converter:
    return converter_for(CONVERSION, COLUMNS, least_bulk_records=1)


def outcomes(found: Extracted, count: int) -> list[tuple[str, ...] | str]:
    codes = found.codes.tolist()
    return [found.failures[at] if codes[at] < 0 else found.distinct[codes[at]] for at in range(count)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.randoms(use_true_random=False), is_varied=st.booleans())
def test_every_way_to_the_keys_gives_what_libjq_gives(
    draw: Random, is_varied: bool, jq: JqPool, converter: Converter
) -> None:
    programs = Programs(draw)
    query, names = programs.query()
    try:
        jq.check(query)
    except JqCompileError:
        return
    records = [programs.record() for _ in range(16)]
    asked = jq.keys(query, names, records)
    expected = outcomes(Extracted(names, asked.codes, asked.distinct, asked.failures), len(records))
    if any(isinstance(outcome, str) and ("broke off" in outcome or "used more" in outcome) for outcome in expected):
        return  # what is too much for libjq depends on what it was asked before
    with pytest.MonkeyPatch.context() as patch:
        if is_varied:  # as if no two records agreed in their leaves
            patch.setattr(TextTable, "kinds", lambda *_, **__: None)
            patch.setattr(RecordTable, "kinds", lambda *_, **__: None)
        extractor = PartitionKeyExtractor(query, jq=jq, names=names)
        assert outcomes(extractor.extract(records), len(records)) == expected
        assert outcomes(extractor.extract(records[::-1]), len(records)) == expected[::-1]
        array = pa.array(records, type=pa.binary())
        read = converter.begin(array, extractor.leaf_keys).leaves
        assert outcomes(extractor.extract_read(array, read), len(records)) == expected


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("{k: (if .i == 77 then last(range(1e12)) else .i end)}", ("k",), id="one-part"),
        pytest.param("{k: (if .i == 77 then last(range(1e12)) else .i end), l: .s}", ("k", "l"), id="part-of-two"),
        pytest.param('{k: (if .i == 77 then "x" * (.i * 20000000) else .i end), l: .s}', ("k", "l"), id="memory"),
    ],
)
def test_record_that_is_too_much_for_libjq_fails_alone_among_projections(query: str, names: tuple[str, ...]) -> None:
    records = [b'{"i":%d,"s":"S%d","rest":[1,2,3]}' % (at, at % 3) for at in range(2 * partition_keys._FEW_KINDS + 2)]
    with JqPool(workers=1, limits=JqLimits(deadline_seconds=0.3, memory_mib=512)) as pool:
        found = PartitionKeyExtractor(query, jq=pool, names=names).extract(records)
    assert list(found.failures) == [77]
    assert re.search("used more than 0.3 seconds|broke off", found.failures[77])
    expected = [(str(at), f"S{at % 3}")[: len(names)] for at in range(len(records)) if at != 77]
    assert outcomes(found, len(records))[:77] + outcomes(found, len(records))[78:] == expected
