from app import pricing


def test_a_coupon_takes_its_share_off() -> None:
    assert pricing.discount(100.0, "SPRING10") == 10.0


def test_an_unknown_coupon_takes_nothing_off() -> None:
    assert pricing.discount(100.0, "NOPE") == 0.0
