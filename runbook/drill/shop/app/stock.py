"""Stock: what can be sent today and what has to be ordered first."""

from . import catalogue, settings


def left(sku: str) -> int:
    return catalogue.product(sku).stock


def is_back_order(sku: str) -> bool:
    return left(sku) == 0


def delivery_days(sku: str) -> int:
    """Days until the parcel leaves the house."""
    if is_back_order(sku):
        return settings.PICK_DAYS + settings.BACK_ORDER_DAYS
    return settings.PICK_DAYS


def label(sku: str) -> str:
    if is_back_order(sku):
        return "on back-order"
    return "few left" if left(sku) < 25 else "in stock"


def reserve(sku: str, quantity: int) -> bool:
    """Whether the goods are here now; back-orders are confirmed by mail."""
    return left(sku) >= quantity
