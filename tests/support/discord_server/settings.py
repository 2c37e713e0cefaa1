"""What a test may set; the defaults are Discord's."""

from dataclasses import dataclass

MIB = 1024 * 1024
UPLOAD_LIMIT_OF_TIER = {2: 50 * MIB, 3: 100 * MIB}


@dataclass(slots=True, kw_only=True)
class Settings:
    """Knobs of a running server; times are seconds, sizes bytes.

    Discord does not publish how long a nonce is remembered ("the past few minutes"). It keeps no nonce with a
    message: the answer to the POST and MESSAGE_CREATE carry it, a fetched message and the history do not
    (discord.py issue 2451), so ``history_shows_nonce`` is off.
    """

    nonce_window: float = 180.0
    history_shows_nonce: bool = False
    interaction_answer_window: float = 3.0
    interaction_token_window: float = 900.0
    upload_limit: int = 20 * MIB
    request_limit: int | None = None
    shards: int = 1
    heartbeat_interval: float = 41.25
    heartbeats_are_acknowledged: bool = True
    privileged_intents_are_granted: bool = True
