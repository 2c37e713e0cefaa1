"""Bytes, and bytes a second, as admins write them: `500K`, `2M`, `1.5G`."""

import re

_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([KMG]?)(?:i?B)?(?:/s)?", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


def parse_rate(text: str | int) -> int:
    """Bytes a second; the units count in 1024, as aria2's do.

    Raises:
        ValueError: it is none; the sentence says how one looks.
    """
    found = _RATE.fullmatch(str(text).strip())
    if found is None:
        raise ValueError(f"{text!r} is no rate. Write bytes a second, such as 500K or 2M; 0 is no limit")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def parse_size(text: str | int) -> int:
    """Bytes; the units count in 1024.

    Raises:
        ValueError: it is none; the sentence says how one looks.
    """
    found = _SIZE.fullmatch(str(text).strip())
    if found is None:
        raise ValueError(f"{text!r} is no size. Write bytes, such as 500M or 2G")
    return int(float(found[1]) * _UNITS[found[2].upper()])
