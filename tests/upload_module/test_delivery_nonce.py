"""The nonce of a message."""

import time

import pytest

from upload_module.delivery_nonce import MAX_LENGTH, DeliveryNonce


@pytest.mark.parametrize("epoch", [1, 15, 2**31])
def test_a_nonce_is_short_and_reads_back(epoch: int) -> None:
    nonce = DeliveryNonce.new(epoch)
    assert len(nonce.text) <= MAX_LENGTH
    assert DeliveryNonce.read(nonce.text) == nonce
    assert 0 <= nonce.age < 60


def test_no_two_are_alike() -> None:
    assert len({DeliveryNonce.new(1).text for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", [None, "", "soon", "file:///a", "xxxxxxxx-1-0123456789", "0" * 40, "00000000--"])
def test_what_stands_there_instead_is_no_nonce(text: str | None) -> None:
    assert DeliveryNonce.read(text) is None


def test_a_nonce_from_the_future_is_old() -> None:
    ahead = int(time.time()) + 3600
    nonce = DeliveryNonce.read(f"{ahead:08x}-1-0123456789")
    assert nonce is not None
    assert nonce.age == float("inf")
