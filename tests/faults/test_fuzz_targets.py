"""The campaigns' targets on their own seeds, cut, doubled and spliced: what a campaign found stays found."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.fuzz.targets import TARGETS, seeds

SEEDS = {name: tuple(seeds(name)) for name in TARGETS}
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_campaign_begins_from_holds(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@FEW
@given(data=st.data())
def test_a_spliced_input_is_read_or_refused_in_words(name: str, data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(SEEDS[name])) for _ in range(2))
    at, until = (data.draw(st.integers(0, len(text))) for text in (one, other))
    noise = data.draw(st.binary(max_size=12))
    TARGETS[name](one[:at] + noise + other[until : until + 3000])
