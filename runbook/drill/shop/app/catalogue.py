"""The catalogue: what the shop sells, in a small read-only database."""

import sqlite3
import threading
from dataclasses import dataclass

from . import settings

PRODUCTS = (
    ("mug-07", "Enamel mug", 12.50, 180, 1),
    ("book-12", "Photo book, 24 pages", 34.90, 60, 3),
    ("print-30", "Poster 30×40", 19.00, 75, 2),
    ("card-05", "Greeting cards, set of 5", 9.80, 240, 1),
    ("frame-a4", "Oak frame A4", 27.00, 22, 4),
    ("lamp-02", "Paper lamp", 48.00, 0, None),
    ("desk-01", "Folding desk", 189.00, 0, None),
    ("tote-03", "Cotton tote", 15.00, 130, 1),
)

_lock = threading.Lock()
_database = sqlite3.connect(settings.DATABASE, check_same_thread=False, isolation_level=None)
TABLE = "CREATE TABLE product (sku TEXT PRIMARY KEY, name TEXT, price REAL, stock INTEGER, restock INTEGER)"
if settings.DATABASE == ":memory:":
    _database.execute(TABLE)
    _database.executemany("INSERT INTO product VALUES (?, ?, ?, ?, ?)", PRODUCTS)


@dataclass(frozen=True)
class Product:
    sku: str
    name: str
    price: float
    stock: int
    restock_days: int | None


class UnknownProduct(LookupError):
    """There is no product with this number."""


def products() -> list[Product]:
    with _lock:
        rows = _database.execute("SELECT sku, name, price, stock, restock FROM product ORDER BY name").fetchall()
    return [Product(*row) for row in rows]


def product(sku: str) -> Product:
    """Raises UnknownProduct."""
    with _lock:
        row = _database.execute("SELECT sku, name, price, stock, restock FROM product WHERE sku = ?", (sku,)).fetchone()
    if row is None:
        raise UnknownProduct(sku)
    return Product(*row)


def count() -> int:
    with _lock:
        (number,) = _database.execute("SELECT count(*) FROM product").fetchone()
    return int(number)
