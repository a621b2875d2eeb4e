"""The cart: the lines that a customer put together."""

from dataclasses import dataclass

from . import catalogue, pricing, settings, stock


@dataclass(frozen=True)
class Line:
    sku: str
    name: str
    quantity: int
    price: float
    delivery_days: int


def parse(items: str) -> list[Line]:
    """The lines of `mug-07*2,book-12`. Raises UnknownProduct and ValueError."""
    lines = [line(item) for item in items.split(",") if item]
    if not lines:
        raise ValueError("the cart is empty")
    return lines[: settings.MAX_LINES]


def line(item: str) -> Line:
    sku, _, count = item.partition("*")
    quantity = int(count or 1)
    quantity = max(1, min(quantity, settings.MAX_QUANTITY))
    product = catalogue.product(sku)
    return Line(
        sku=sku,
        name=product.name,
        quantity=quantity,
        price=pricing.line_price(product.price, quantity),
        delivery_days=stock.delivery_days(sku),
    )


def subtotal(lines: list[Line]) -> float:
    return round(sum(one.price for one in lines), 2)


def delivery_days(lines: list[Line]) -> int:
    """The slowest line decides: one parcel."""
    return max(one.delivery_days for one in lines)
