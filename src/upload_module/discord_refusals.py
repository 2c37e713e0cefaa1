"""What Discord's refusals mean for a delivery.

Statuses and codes: Discord's documentation, "Opcodes and Status Codes".
"""

from core.errors import DestinationBusy, DestinationForbidden, DestinationGone, FileTooLarge, SendFailed, UploadError

UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MESSAGE, TOO_LARGE = 10003, 10004, 10008, 40005
ASKS_TO_WAIT = "Discord asks to wait before sending more."
UNSAID = 60.0  # seconds to wait when Discord asks to wait and does not say how long


def refusal(status: int, code: int, text: str, *, retry_after: str | None) -> UploadError:
    """The error of ours for an answer that is none of success; `retry_after` is the header."""
    if status == 413 or code == TOO_LARGE:
        return FileTooLarge()
    if status == 403:
        return DestinationForbidden()
    if code in (UNKNOWN_CHANNEL, UNKNOWN_GUILD):
        return DestinationGone()
    if status == 429:
        return DestinationBusy(ASKS_TO_WAIT, retry_after=_seconds(retry_after))
    if status == 404 or status >= 500:
        return SendFailed(f"Discord did not take the files (status {status}).")
    return UploadError(f"Discord refuses the message: {text or status}")


def _seconds(header: str | None) -> float:
    try:
        return max(float(header), 0.0) if header is not None else UNSAID
    except ValueError:  # it may be a date
        return UNSAID
