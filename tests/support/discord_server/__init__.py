"""A Discord server for tests: REST, gateway and CDN as far as discord.py uses them for a media bot."""

from .bodies import Upload
from .channels import Channel, ChannelKind
from .errors import Refusal
from .faults import Fault, Moment, PlannedFault
from .gateway import CloseCode
from .guilds import Guild
from .interactions import Answer, AnswerKind, Interaction, InteractionKind
from .members import Member
from .messages import Attachment, Flag, Message
from .people import Role, User
from .permissions import Permission
from .request_log import Request
from .server import DiscordServer
from .settings import MIB, Settings

__all__ = [
    "MIB",
    "Answer",
    "AnswerKind",
    "Attachment",
    "Channel",
    "ChannelKind",
    "CloseCode",
    "DiscordServer",
    "Fault",
    "Flag",
    "Guild",
    "Interaction",
    "InteractionKind",
    "Member",
    "Message",
    "Moment",
    "Permission",
    "PlannedFault",
    "Refusal",
    "Request",
    "Role",
    "Settings",
    "Upload",
    "User",
]
