from collections import Counter
from types import SimpleNamespace

import pytest

from drivers.pe_board_wire.noise import Batches


@pytest.mark.parametrize(("failures", "size"), [(2, 64), (3, 32)])
def test_requests_are_halved_where_more_than_one_try_in_four_fails(failures: int, size: int) -> None:
    line = SimpleNamespace(tries=0, failures=0, counters=Counter())
    batches = Batches(SimpleNamespace(line=line))  # type: ignore[arg-type]
    line.tries, line.failures = 8, failures
    assert batches.size(64, 1) == size
    line.tries = 16
    assert batches.size(64, 1) == size, "the tries before were looked at already"
