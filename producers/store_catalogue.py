"""What the StoreApp's stores sell: items with believable prices, stock rules and popularity.

Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One article; `popularity` is relative, `restock` is the size of one delivery."""

    item_id: str
    name: str
    category: str
    unit_price: float
    popularity: int
    reorder_point: int
    restock: int


def _items(category: str, *rows: tuple[str, float, int, int, int]) -> tuple[Item, ...]:
    lead = category[:3].upper()
    return tuple(
        Item(f"{lead}-{number:03}", name, category, price, popularity, reorder_point, restock)
        for number, (name, price, popularity, reorder_point, restock) in enumerate(rows, 1)
    )


ITEMS = (
    *_items(
        "produce",
        ("Bananas 1 kg", 2.95, 30, 40, 120),
        ("Vine Tomatoes 500 g", 3.80, 22, 30, 90),
        ("Baby Spinach 200 g", 4.20, 12, 20, 60),
        ("Red Onions 1 kg", 2.10, 16, 25, 80),
        ("Jalapeño Peppers 100 g", 1.90, 5, 10, 30),
        ("Avocado", 2.50, 18, 30, 100),
    ),
    *_items(
        "dairy",
        ("Full Cream Milk 1 L", 3.65, 34, 50, 150),
        ("Greek Yoghurt 500 g", 6.40, 15, 20, 60),
        ("Crème Fraîche 200 ml", 4.75, 6, 10, 30),
        ("Free-range Eggs 10", 5.20, 26, 40, 120),
        ("Salted Butter 250 g", 5.95, 14, 20, 60),
    ),
    *_items(
        "bakery",
        ("Wholemeal Bread", 3.30, 28, 30, 90),
        ("Butter Croissant", 2.80, 20, 24, 72),
        ("Kaya Bun", 1.80, 16, 24, 72),
        ("Baguette", 3.90, 9, 12, 40),
    ),
    *_items(
        "drinks",
        ("Cold Brew Coffee 330 ml", 5.50, 12, 18, 60),
        ("Jasmine Green Tea 500 ml", 1.95, 22, 36, 120),
        ("Sparkling Water 1.5 L", 1.60, 18, 36, 120),
        ("Orange Juice 1 L", 6.90, 11, 15, 48),
    ),
    *_items(
        "pantry",
        ("Jasmine Rice 5 kg", 15.90, 13, 15, 45),
        ("Soy Sauce 640 ml", 4.45, 8, 12, 36),
        ("Spaghetti 500 g", 2.70, 12, 20, 60),
        ("Extra Virgin Olive Oil 750 ml", 18.50, 6, 8, 24),
        ("Instant Noodles 5-pack", 3.15, 24, 40, 120),
    ),
    *_items(
        "household",
        ('AA Batteries "Long Life" 4-pack', 7.90, 5, 10, 30),
        ("Dish Soap 1 L", 3.95, 8, 12, 36),
        ("Kitchen Roll 6-pack", 6.20, 10, 15, 48),
        ("LED Bulb 9 W", 8.90, 3, 6, 20),
    ),
)

CURRENCY = "SGD"


def store_ids(count: int) -> tuple[str, ...]:
    """Return the ids of `count` stores.

    >>> store_ids(3)
    ('S001', 'S002', 'S003')
    """
    return tuple(f"S{number:03}" for number in range(1, count + 1))
