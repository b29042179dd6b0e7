"""A believable access log in combined format, the same for the same seed.

Pure. Visits, not single requests: a visitor loads a page, its assets follow, then perhaps another page; bots and probes come in between.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SITE = "https://www.example.com"
_PAGES = (
    ("/", 8, 14_200),
    ("/products", 6, 22_840),
    ("/products/jasmine-rice-5kg", 3, 18_310),
    ("/products/kaya-bun", 3, 17_905),
    ("/search?q=milk&page=1", 4, 9_730),
    ("/search?q=caf%C3%A9", 1, 8_112),
    ("/stores", 2, 7_450),
    ("/stores/S001", 2, 6_021),
    ("/cart", 3, 5_118),
    ("/checkout", 1, 6_480),
    ("/blog/2026/11/what-s-fresh", 1, 31_204),
)
_ASSETS = (
    ("/static/app.3f9c1e.css", 42_118),
    ("/static/app.b81d07.js", 187_332),
    ("/static/logo.svg", 3_204),
    ("/favicon.ico", 5_430),
    ("/api/v1/stock?store=S001", 1_380),
)
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
)
_BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/8.9.1",
)
_PROBES = (
    ('"GET /wp-login.php HTTP/1.1" 404 196', "-"),
    ('"POST /xmlrpc.php HTTP/1.1" 404 196', "-"),
    ('"GET /.env HTTP/1.1" 403 199', "python-requests/2.32.3"),
    ('"GET /\\"><script>alert(1)</script> HTTP/1.1" 400 226', "-"),
    (r'"\x16\x03\x01\x02" 400 226', "-"),
    ('"-" 408 -', "-"),
)
_NETWORKS = ("203.0.113", "198.51.100", "192.0.2")  # documented: RFC 5737, never anybody's address


def sample_lines(lines: int, *, seed: int, start: datetime, mean_gap_seconds: float = 2.0) -> Iterator[bytes]:
    """Yield `lines` lines with their newline, in the order of their times; `mean_gap_seconds` lies between two visits' first requests."""
    random = Random(seed)
    waiting: list[tuple[float, int, str]] = []  # (seconds after start, tie breaker, line without its time)
    next_visit, number, written = 0.0, 0, 0
    while written < lines:
        while not waiting or next_visit <= waiting[0][0]:
            for offset, head, tail in _visit(random):
                heappush(waiting, (next_visit + offset, number, f"{head}\0{tail}"))
                number += 1
            next_visit += random.expovariate(1 / mean_gap_seconds)
        seconds, _, line = heappop(waiting)
        head, tail = line.split("\0")
        yield f"{head} [{_stamp(start + timedelta(seconds=seconds))}] {tail}\n".encode()
        written += 1


def _visit(random: Random) -> Iterator[tuple[float, str, str]]:
    address = (
        f"2001:db8:{random.randrange(1 << 16):x}::{random.randrange(1 << 16):x}"
        if random.random() < 0.08
        else f"{random.choice(_NETWORKS)}.{random.randrange(1, 255)}"
    )
    user = random.choice(("mei.lin", "a.kumar", r"j\xc3\xb6rg")) if random.random() < 0.03 else "-"
    head = f"{address} - {user}"
    kind = random.random()
    if kind < 0.06:
        request, agent = random.choice(_PROBES)
        yield 0.0, head, f'{request} "-" "{agent}"'
        return
    if kind < 0.2:
        agent = random.choice(_BOTS)
        at = 0.0
        for _ in range(random.randrange(1, 5)):
            path, size = _page(random)
            yield at, head, f'"GET {path} HTTP/1.1" 200 {size} "-" "{agent}"'
            at += random.uniform(1, 20)
        return
    agent, referer, at = random.choice(_BROWSERS), random.choice(("-", "-", "https://www.google.com/")), 0.0
    cached = random.random() < 0.4
    for _ in range(random.randrange(1, 6)):
        path, size = _page(random)
        method, status = ("POST", 303) if path == "/checkout" else ("GET", 500 if random.random() < 0.004 else 200)
        yield at, head, f'"{method} {path} HTTP/2.0" {status} {size} "{referer}" "{agent}"'
        for asset, asset_size in _ASSETS:
            outcome = "304 -" if cached else f"200 {asset_size}"
            yield at + random.uniform(0.05, 0.9), head, f'"GET {asset} HTTP/2.0" {outcome} "{_SITE}{path}" "{agent}"'
        cached, referer = True, f"{_SITE}{path}"
        at += random.uniform(3, 90)


def _page(random: Random) -> tuple[str, int]:
    path, _, size = random.choices(_PAGES, weights=[weight for _, weight, _ in _PAGES])[0]
    return path, size + random.randrange(-200, 200)


def _stamp(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.day:02}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
