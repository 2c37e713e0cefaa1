"""What transfers may take of the network."""

from datetime import UTC, datetime

import pytest

from download_module.rate_schedule import parse_schedule
from download_module.transfer_limits import TransferLimits


def test_the_schedule_goes_over_the_general_rate() -> None:
    limits = TransferLimits(rate=9, schedule=parse_schedule("1:00-2:00=0"))
    assert limits.rate_at(datetime(2026, 1, 1, 1, 30, tzinfo=UTC)) == 0
    assert limits.rate_at(datetime(2026, 1, 1, 3, 30, tzinfo=UTC)) == 9


@pytest.mark.parametrize(("row", "site", "rate"), [(0, 0, 0), (5, 0, 5), (0, 7, 7), (5, 7, 5), (9, 7, 7)])
def test_a_row_gets_the_lower_of_two_rates(row: int, site: int, rate: int) -> None:
    assert TransferLimits(row_rate=row).rate_of_row(site) == rate
