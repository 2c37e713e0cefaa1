"""How much Discord takes: never a constant, but what was seen, learned, said or set, in this order."""

from collections.abc import Sequence
from dataclasses import replace

from loguru import logger

from core.errors import FileTooLarge
from core.models import Download, MediaFile
from core.queries import Queries
from core.requests import Requests
from core.store import Store
from upload_module.upload_manager import Limits, in_units
from upload_module.uploader_bot import UploaderBot

MIB = 1024 * 1024
ALONE = -1  # as the size of a message: not even two empty files share one
# What Discord's limits were at one time or another: no limits here, only where to look next below a file that was
# refused. One that was compressed to a limit would else be compressed anew a thousand times, each time a bit smaller.
STEPS = tuple(size * MIB for size in (8, 10, 20, 25, 50, 100, 500))


class UploadLimits:
    """Knows the limits of a download's channel, and lowers what it knows when Discord refuses a message."""

    def __init__(
        self, *, store: Store, queries: Queries, requests: Requests, bot: UploaderBot, defaults: Limits
    ) -> None:
        self._store = store
        self._queries = queries
        self._requests = requests
        self._bot = bot
        self._defaults = defaults
        self._messages: dict[int, int] = {}  # by channel: bytes of a message, where less than the default was taken

    async def known(self, download: Download) -> Limits:
        """The limits for a download.

        Raises:
            UploadError: Discord had to be asked, and did not answer.
        """
        message = self._messages.get(download.channel_id or 0, self._defaults.message)
        return replace(self._defaults, file=await self._of_a_file(download), message=message)

    async def _of_a_file(self, download: Download) -> int:
        if download.upload_limit_bytes is not None:
            return download.upload_limit_bytes
        if download.guild_id is None:
            return self._defaults.file
        learned = await self._queries.learned_upload_limit(download.guild_id)
        if learned is not None:
            return learned
        # The larger one: discord.py's table of boosts has been behind Discord before.
        return max(self._defaults.file, await self._bot.guild_limit(download.guild_id) or 0)

    async def lowered(self, download: Download, refused: Sequence[MediaFile], limits: Limits) -> Limits:
        """What is left of the limits now that Discord found a message with these files too large.

        Raises:
            FileTooLarge: nothing is left.
        """
        sizes = [file.bytes for file in refused]
        log = logger.bind(download=download.id, guild=download.guild_id)
        log.info("Discord refused {} in {} files as too large", in_units(sum(sizes)), len(sizes))
        if len(refused) > 1:
            # It may have been the sum or one of them: only a file that goes alone tells.
            half = max(max(sizes), sum(sizes) // 2)
            message = half if half < sum(sizes) else ALONE
            self._messages[download.channel_id or 0] = message
            return replace(limits, message=message)
        self._messages.pop(download.channel_id or 0, None)
        limit = max((step for step in STEPS if step < sizes[0]), default=sizes[0] // 2)
        if limit < 1:
            raise FileTooLarge
        await self._learn(download, limit)
        return replace(limits, file=limit, message=self._defaults.message)

    async def _learn(self, download: Download, limit: int) -> None:
        await self._store.write(download, upload_limit_bytes=limit)
        if download.guild_id is not None:
            learned = await self._queries.learned_upload_limit(download.guild_id)
            if learned is None or limit < learned:
                await self._requests.learn_upload_limit(download.guild_id, limit)
