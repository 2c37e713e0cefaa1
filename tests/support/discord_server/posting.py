"""Making, changing and removing messages, whoever asks: the bot, a member, an interaction."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .bodies import Body, Upload
from .components import completed, resolved_url
from .errors import ApiError, Refusal, invalid_form, too_long
from .limits import ATTACHMENTS, check_message, check_sizes
from .mentions import work_out_mentions
from .messages import Attachment, Flag, Message
from .snowflakes import iso

if TYPE_CHECKING:
    from .channels import Channel
    from .people import User

FILLED = (
    "content",
    "embeds",
    "components",
    "attachments",
    "mentions",
    "mentions_everyone",
    "mentioned_roles",
)
SUPPRESS_EMBEDS, SILENT = Flag(1 << 2), Flag(1 << 12)
KEPT_FLAGS = Flag.EPHEMERAL | Flag.COMPONENTS_V2 | SUPPRESS_EMBEDS | SILENT


def upload_limit(channel: Channel) -> int:
    return channel.world.settings.upload_limit if channel.guild is None else channel.guild.upload_limit_bytes


def compose(channel: Channel, author: User, fields: dict[str, Any], body: Body) -> Message:
    """Makes a message of checked fields without showing it yet.

    Raises:
        ApiError: it breaks one of Discord's limits or says nothing.
    """
    world = channel.world
    check_sizes(body, upload_limit(channel), world.settings.request_limit)
    check_message(fields)
    message = Message(id=world.ids.new(), channel=channel, author=author)
    message.flags = Flag(fields.get("flags") or 0) & KEPT_FLAGS
    _fill(message, fields, body)
    if message.says_nothing:
        raise ApiError(Refusal.EMPTY_MESSAGE)
    nonce = fields.get("nonce")
    message.nonce = None if nonce is None else str(nonce)
    _refer(message, fields.get("message_reference"))
    return message


def show(message: Message) -> None:
    """Puts a composed message into its channel."""
    message.channel.all_messages.append(message)
    message.channel.world.dispatch_message("MESSAGE_CREATE", message, with_nonce=True)


def change(message: Message, fields: dict[str, Any], body: Body) -> None:
    """Edits a message: only the fields given change, and a kept attachment must be listed.

    Raises:
        ApiError: the message would break a limit or be empty.
    """
    world = message.channel.world
    check_sizes(body, upload_limit(message.channel), world.settings.request_limit)
    flags = message.flags | (Flag(fields.get("flags") or 0) & (Flag.COMPONENTS_V2 | SUPPRESS_EMBEDS))
    # A message that becomes a layout must give up its text and its embeds in the same edit.
    whole = {"content": message.content, "embeds": message.embeds, "components": message.components}
    check_message(whole | fields | {"flags": int(flags)})
    draft = copy.copy(message)
    draft.flags = flags
    _fill(draft, fields, body)
    if draft.says_nothing:
        raise ApiError(Refusal.EMPTY_MESSAGE)
    for gone in {one.id for one in message.attachments} - {one.id for one in draft.attachments}:
        world.attachments.pop(gone, None)
    message.flags = flags
    for name in FILLED:
        setattr(message, name, getattr(draft, name))
    if message.is_loading:
        message.flags &= ~Flag.LOADING
    else:
        message.edits += 1
        message.edited_at = iso(datetime.now(UTC))
    world.dispatch_message("MESSAGE_UPDATE", message)


def remove(message: Message) -> None:
    channel, world = message.channel, message.channel.world
    message.deleted = True
    for attachment in message.attachments:
        world.attachments.pop(attachment.id, None)
    data = {"id": str(message.id), "channel_id": str(channel.id)}
    if channel.guild is not None:
        data["guild_id"] = str(channel.guild.id)
    if message.is_ephemeral or not channel.bot_is_in:
        world.changes.announce()
    else:
        world.dispatch("MESSAGE_DELETE", data, channel.guild)


def _fill(message: Message, fields: dict[str, Any], body: Body) -> None:
    message.attachments = _attachments(message, fields, body)
    urls = {one.filename: one.url for one in message.attachments}
    if "content" in fields:
        message.content = (fields["content"] or "").strip()
        work_out_mentions(message, fields.get("allowed_mentions"))
    if "embeds" in fields:
        message.embeds = [_embed(one, urls) for one in fields["embeds"] or []]
    if "components" in fields:
        message.components = completed(fields["components"] or [], urls)


def _attachments(message: Message, fields: dict[str, Any], body: Body) -> list[Attachment]:
    listed = fields.get("attachments")
    described = {int(one["id"]): one for one in listed or []}
    kept = [one for one in message.attachments if listed is None or one.id in described]
    if len(kept) + len(body.files) > ATTACHMENTS:
        raise too_long("attachments", ATTACHMENTS)
    return kept + [
        attach(message.channel, upload, described.get(number, {}), ephemeral=message.is_ephemeral)
        for number, upload in sorted(body.files.items())
    ]


def attach(
    channel: Channel, upload: Upload, described: dict[str, Any] | None = None, *, ephemeral: bool = False
) -> Attachment:
    """Keeps the bytes and gives them an address."""
    world, described = channel.world, described or {}
    number = world.ids.new()
    # Discord keeps letters, digits, dot, dash and underscore of a file name and turns spaces into underscores.
    name = re.sub(r"[^\w.\-]", "", (described.get("filename") or upload.filename).replace(" ", "_")) or "unknown"
    attachment = Attachment(
        id=number,
        filename=name,
        content=upload.content,
        content_type=upload.content_type,
        url=f"{world.origin}/attachments/{channel.id}/{number}/{name}?ex=0&is=0&hm=0",
        description=described.get("description"),
        ephemeral=ephemeral,
    )
    world.attachments[number] = attachment
    return attachment


def _embed(embed: dict[str, Any], urls: dict[str, str]) -> dict[str, Any]:
    for key in ("image", "thumbnail", "video"):
        if key in embed:
            url = resolved_url(embed[key]["url"], urls)
            embed[key] |= {"url": url, "proxy_url": url}
    return {"type": "rich"} | embed


def _refer(message: Message, reference: dict[str, Any] | None) -> None:
    if reference is None:
        return
    target = message.channel.message(int(reference["message_id"]))
    if target is not None:
        message.reference, message.reference_id = target, target.id
    elif reference.get("fail_if_not_exists", True):
        raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
