"""The routes: one function for each address."""

from collections.abc import Callable
from dataclasses import dataclass

from . import cart, catalogue, checkout, projects, stock, telemetry
from .sessions import Session


@dataclass(frozen=True)
class Request:
    session: Session
    values: dict[str, str]
    rest: str = ""


Answer = tuple[int, object]


def home(request: Request) -> Answer:
    names = "".join(f"<li>{product.name}</li>" for product in catalogue.products())
    return 200, f"<!doctype html><title>Shop</title><h1>Made for you</h1><ul>{names}</ul>"


def list_products(request: Request) -> Answer:
    return 200, [{**vars(product), "label": stock.label(product.sku)} for product in catalogue.products()]


def one_product(request: Request) -> Answer:
    return 200, {**vars(catalogue.product(request.rest)), "label": stock.label(request.rest)}


def show_cart(request: Request) -> Answer:
    return 200, checkout.quote(*_order(request))


def place_order(request: Request) -> Answer:
    return 201, checkout.order(*_order(request))


def list_projects(request: Request) -> Answer:
    if not request.session.customer:
        return 401, {"error": "sign in to see your projects"}
    return 200, projects.saved_by(request.session.customer)


def _order(request: Request) -> tuple[list[cart.Line], str, str, bool]:
    values = request.values
    country = values.get("country", request.session.country)
    telemetry.quoted(country)
    return cart.parse(values.get("items", "")), country, values.get("coupon", ""), values.get("gift") == "1"


ROUTES: dict[tuple[str, str], Callable[[Request], Answer]] = {
    ("GET", "/"): home,
    ("GET", "/api/products"): list_products,
    ("GET", "/api/products/"): one_product,
    ("GET", "/api/cart"): show_cart,
    ("POST", "/api/checkout"): place_order,
    ("GET", "/api/projects"): list_projects,
}
