"""Where the files of a download are posted, what they answer, and who is pinged by them."""

from functools import partial

from core.preferences import MemberPreferences, Notify
from core.requests import Requests
from tests.support.discord_server import Channel, Message, posting
from tests.support.discord_server.bodies import Body
from tests.upload_module.given import Stage, downloaded


def a_card(channel: Channel) -> Message:
    """A message of the bot's, such as a card."""
    message = posting.compose(channel, channel.world.bot, {"content": "a card"}, Body({}))
    posting.show(message)
    return message


async def prefer(stage: Stage, user_id: int, **choices: object) -> None:
    change = partial(MemberPreferences.model_copy, update=choices)
    await Requests(stage.database, actor="test").change_member_preferences(user_id, change)


async def test_who_wants_it_is_pinged_by_the_last_of_his_files(stage: Stage, channel: Channel) -> None:
    assert channel.guild is not None
    alice, bob = channel.guild.add_member("alice"), channel.guild.add_member("bob")
    await prefer(stage, alice.id, mention=True)
    files = {f"{number}.jpg": b"x" for number in range(11)}
    title = f"{bob.mention} @everyone"
    row = await downloaded(stage.database, stage.download_dir, files, channel=channel, user_id=alice.id, title=title)
    await stage.deliver(row)
    first, last = channel.messages
    assert [user.id for user in first.mentions] == []
    assert [user.id for user in last.mentions] == [alice.id]
    assert not last.mentions_everyone
    assert last.content.startswith(f"{alice.mention} **")
    await stage.deliver(await downloaded(stage.database, stage.download_dir, channel=channel, user_id=bob.id))
    assert channel.messages[-1].mentions == []


async def test_a_gallery_with_a_thread_goes_into_it(stage: Stage, channel: Channel) -> None:
    assert channel.guild is not None
    card = a_card(channel)
    thread = channel.guild.add_thread(channel, "An album", card)
    row = await downloaded(
        stage.database, stage.download_dir, channel=channel, progress_message_id=card.id, thread_id=thread.id
    )
    await stage.deliver(row)
    (posted,) = [one for one in thread.messages if one.files]
    assert posted.reference_id is None
    assert channel.messages == [card]


async def test_an_entry_in_a_thread_answers_its_card_there(stage: Stage, channel: Channel) -> None:
    assert channel.guild is not None
    thread = channel.guild.add_thread(channel, "A list", a_card(channel))
    card = a_card(thread)
    row = await downloaded(
        stage.database, stage.download_dir, channel=thread, progress_message_id=card.id, thread_id=thread.id
    )
    await stage.deliver(row)
    assert thread.messages[-1].reference is card


async def test_an_entry_without_a_card_answers_that_of_its_list(stage: Stage, channel: Channel) -> None:
    card = a_card(channel)
    given = {"status": "downloaded", "upload": 0, "user_id": 5, "progress_message_id": card.id}
    parent = await downloaded(stage.database, stage.download_dir, {}, channel=channel, **given)
    await prefer(stage, 5, mention=True)
    entry = await downloaded(stage.database, stage.download_dir, channel=channel, parent_id=parent, user_id=5)
    await stage.deliver(entry)
    assert channel.messages[-1].reference is card
    assert channel.messages[-1].mentions == [], "the list pings once, at its end"


async def test_who_wants_the_files_alone_gets_no_answer_to_a_card_that_will_be_gone(
    stage: Stage, channel: Channel
) -> None:
    await prefer(stage, 5, notify=Notify.NONE)
    card = a_card(channel)
    row = await downloaded(stage.database, stage.download_dir, channel=channel, user_id=5, progress_message_id=card.id)
    await stage.deliver(row)
    assert channel.messages[-1].reference_id is None
