"""Prices: what a cart costs before shipping."""

from . import settings

COUPONS = {
    "WELCOME5": 5,
    "SPRING10": 10,
    "LOYAL15": 15,
}


def line_price(price: float, quantity: int) -> float:
    return round(price * quantity, 2)


def discount(subtotal: float, code: str) -> float:
    """What a coupon takes off; an unknown code takes nothing off."""
    percent = COUPONS.get(code, 0)
    return round(subtotal * percent / 100, 2)


def redeem(code: str) -> bool:
    """Whether the coupon may be used for an order."""
    return not code or code in COUPONS


def gift_wrap(wanted: bool) -> float:
    if not wanted or not settings.FEATURES["gift_wrap"]:
        return 0.0
    return settings.GIFT_WRAP


def shown(amount: float) -> str:
    return f"{amount:.2f} {settings.CURRENCY}"
