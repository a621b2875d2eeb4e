"""Checkout: from a cart to an order with a total."""

import itertools
import time

from . import cart, pricing, settings, stock

_numbers = itertools.count(1)


def shipping(country: str, subtotal: float) -> float:
    """What the parcel costs; free at home for large orders."""
    if country != settings.HOME_COUNTRY:
        return settings.SHIPPING_ABROAD
    return 0.0 if subtotal >= settings.FREE_SHIPPING_FROM else settings.SHIPPING_HOME


def quote(lines: list[cart.Line], country: str, coupon: str, gift: bool) -> dict[str, object]:
    subtotal = cart.subtotal(lines)
    goods = subtotal - pricing.discount(subtotal, coupon)
    total = goods + shipping(country, subtotal) + pricing.gift_wrap(gift)
    return {
        "lines": [vars(line) for line in lines],
        "subtotal": pricing.shown(subtotal),
        "total": pricing.shown(total),
        "delivery_days": cart.delivery_days(lines),
    }


def order(lines: list[cart.Line], country: str, coupon: str, gift: bool) -> dict[str, object]:
    if not pricing.redeem(coupon):
        coupon = ""
    reserved = [stock.reserve(line.sku, line.quantity) for line in lines]
    answer = quote(lines, country, coupon, gift)
    answer["order"] = f"{time.strftime('%Y%m%d')}-{next(_numbers):06d}"
    answer["confirmed"] = all(reserved)
    return answer
