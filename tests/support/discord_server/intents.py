"""Which intent a client needs to be told of an event; from Discord's gateway documentation."""

GUILDS = 1 << 0
MEMBERS = 1 << 1
PRESENCES = 1 << 8
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = MEMBERS | PRESENCES | MESSAGE_CONTENT

IN_GUILDS = {"MESSAGE_REACTION_": 1 << 10, "MESSAGE_": 1 << 9, "TYPING_": 1 << 11}
IN_DMS = {"MESSAGE_REACTION_": 1 << 13, "MESSAGE_": 1 << 12, "TYPING_": 1 << 14}
EVERYWHERE = {"GUILD_MEMBER_": MEMBERS, "GUILD_": GUILDS, "CHANNEL_": GUILDS, "THREAD_": GUILDS}


def needed_intent(event: str, *, in_guild: bool) -> int:
    table = (IN_GUILDS if in_guild else IN_DMS) | EVERYWHERE
    return next((intent for prefix, intent in table.items() if event.startswith(prefix)), 0)
