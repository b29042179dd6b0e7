"""Store events as the StoreApp sends them, made from a seed: the same arguments give the same bytes on every machine.

Pure. Flat events have the twelve columns of docs/architecture.md; nested ones add a struct, an array, a map and an array of structs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

DAY_START = 1_767_571_200  # 2026-01-05 00:00:00 UTC
RUN_ID = "bench000"

FLAT_COLUMNS: tuple[tuple[str, str], ...] = (
    ("event_id", "string"),
    ("store_id", "string"),
    ("event_type", "string"),
    ("item_id", "string"),
    ("item_name", "string"),
    ("category", "string"),
    ("quantity_change", "int"),
    ("stock_level", "int"),
    ("reorder_point", "int"),
    ("unit_price", "double"),
    ("currency", "string"),
    ("event_timestamp", "timestamp"),
)
NESTED_COLUMNS: tuple[tuple[str, str], ...] = (
    *FLAT_COLUMNS,
    ("supplier", "struct<id:string,address:struct<city:string,zip:string>>"),
    ("tags", "array<string>"),
    ("attributes", "map<string,string>"),
    ("lots", "array<struct<lot:string,quantity:int>>"),
)

_TYPES = ("sale", "restock", "return", "adjustment")
_ITEMS = tuple(
    (f"I{number:04d}", f"{adjective} {noun}", category)
    for number, (adjective, (noun, category)) in enumerate(
        (adjective, thing)
        for adjective in ("Organic", "Classic", "Large", "Small", "Fresh", "Premium", "Frozen", "Light")
        for thing in (
            ("Oat Milk", "dairy"),
            ("Espresso Beans", "coffee"),
            ("Rye Bread", "bakery"),
            ("Tomato Soup", "canned"),
            ("Olive Oil", "pantry"),
        )
    )
)
_CITIES = ("Zürich", "Graz", "Kraków", "Lyon", "Turku")


@dataclass(frozen=True, slots=True)
class EventPlan:
    """What to make: `stores` times `hours` partitions, all met in any order."""

    stores: int = 20
    hours: int = 24
    is_nested: bool = False

    @property
    def partitions(self) -> int:
        return self.stores * self.hours

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Name and Glue type of each column, in order."""
        return NESTED_COLUMNS if self.is_nested else FLAT_COLUMNS


def store_events(plan: EventPlan, count: int, *, seed: int = 1, first_sequence: int = 0) -> Iterator[bytes]:
    """Yield `count` events of about 200 bytes (nested: about 420), compact JSON without a line end."""
    draw = np.random.default_rng([seed, first_sequence])
    store = draw.integers(1, plan.stores + 1, count).tolist()
    seconds = (draw.integers(0, plan.hours, count) * 3600 + draw.integers(0, 3600, count) + DAY_START).tolist()
    kind = draw.integers(0, len(_TYPES), count).tolist()
    item = draw.integers(0, len(_ITEMS), count).tolist()
    change = draw.integers(-40, 200, count).tolist()
    stock = draw.integers(0, 500, count).tolist()
    reorder = draw.integers(5, 60, count).tolist()
    cents = draw.integers(99, 9999, count).tolist()
    for at in range(count):
        item_id, name, category = _ITEMS[item[at]]
        text = (
            f'{{"event_id":"{RUN_ID}-{first_sequence + at}","store_id":"S{store[at]:03d}","event_type":"{_TYPES[kind[at]]}",'
            f'"item_id":"{item_id}","item_name":"{name}","category":"{category}","quantity_change":{change[at]},'
            f'"stock_level":{stock[at]},"reorder_point":{reorder[at]},"unit_price":{cents[at] / 100},"currency":"EUR",'
            f'"event_timestamp":{seconds[at]}'
        )
        yield (text + (_nested_part(at, stock[at], cents[at]) if plan.is_nested else "") + "}").encode()


def _nested_part(at: int, stock: int, cents: int) -> str:
    city = _CITIES[cents % len(_CITIES)]
    tags = ",".join(f'"tag{cents % 7 + number}"' for number in range(stock % 3))
    lots = ",".join(
        f'{{"lot":"L{at % 97}-{number}","quantity":{stock // (number + 1)}}}' for number in range(cents % 3)
    )
    return (
        f',"supplier":{{"id":"V{cents % 50:02d}","address":{{"city":"{city}","zip":"{cents % 9000 + 1000}"}}}},"tags":[{tags}],'
        f'"attributes":{{"shelf":"{stock % 40}","origin":"{city[:2]}"}},"lots":[{lots}]'
    )


def log_lines(count: int, *, seed: int = 1) -> Iterator[bytes]:
    """Yield `count` lines of an Apache access log in combined format, each with its line end."""
    draw = np.random.default_rng([seed, 7])
    last = draw.integers(1, 255, (count, 2)).tolist()
    page = draw.integers(0, 400, count).tolist()
    size = draw.integers(200, 90_000, count).tolist()
    status = draw.choice([200, 200, 200, 200, 200, 304, 404, 500], count).tolist()
    for at in range(count):
        second = at // 50 % 86_400
        clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        yield (
            f'203.0.{last[at][0]}.{last[at][1]} - - [05/Jan/2026:{clock} +0000] "GET /shop/items/{page[at]}?ref=list HTTP/1.1" '
            f'{status[at]} {size[at]} "https://shop.example/list/{page[at] % 20}" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"\n'
        ).encode()
