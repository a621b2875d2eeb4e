"""The catalogue: what the shop sells, in a small read-only database."""

from dataclasses import dataclass

from . import settings
from .database import connect

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

_database = connect(settings.DATABASE)
TABLE = "CREATE TABLE product (sku TEXT PRIMARY KEY, name TEXT, price REAL, stock INTEGER, restock INTEGER)"
if settings.DATABASE == ":memory:":
    _database.ask(TABLE)
    for row in PRODUCTS:
        _database.ask("INSERT INTO product VALUES (?, ?, ?, ?, ?)", *row)


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
    rows = _database.ask("SELECT sku, name, price, stock, restock FROM product ORDER BY name")
    return [Product(*row) for row in rows]


def product(sku: str) -> Product:
    """Raises UnknownProduct."""
    rows = _database.ask("SELECT sku, name, price, stock, restock FROM product WHERE sku = ?", sku)
    if not rows:
        raise UnknownProduct(sku)
    return Product(*rows[0])


def count() -> int:
    [(number,)] = _database.ask("SELECT count(*) FROM product")
    return int(number)
