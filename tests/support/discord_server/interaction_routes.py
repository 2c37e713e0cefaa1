"""REST: answers to interactions, their later edits, and follow-ups."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from . import posting
from .bodies import Body, read_body
from .errors import ApiError, Refusal, invalid_form, too_long
from .interactions import Answer, AnswerKind, Interaction, InteractionKind
from .limits import check_components
from .messages import Message
from .wire import json_answer, nothing, world_of

routes = web.RouteTableDef()
WEBHOOK = r"/webhooks/{application_id:\d+}/{token}"
SAID = WEBHOOK + r"/messages/{message_id:@original|\d+}"


@routes.post(r"/interactions/{interaction_id:\d+}/{token}/callback")
async def respond(request: web.Request) -> web.Response:
    body = await read_body(request)
    interaction = world_of(request).interactions.get(request.match_info["token"])
    if interaction is None or str(interaction.id) != request.match_info["interaction_id"]:
        raise ApiError(Refusal.UNKNOWN_INTERACTION)
    interaction.check_unanswered()
    kind = AnswerKind(body.fields["type"])
    answer = ANSWERS[kind](interaction, body.fields.get("data") or {}, body)
    interaction.give(answer)
    if request.query.get("with_response", "false").lower() not in ("1", "true"):
        return nothing()
    return json_answer(_callback(interaction, answer))


def _callback(interaction: Interaction, answer: Answer) -> dict[str, Any]:
    about: dict[str, Any] = {"id": str(interaction.id), "type": int(interaction.kind)}
    resource: dict[str, Any] = {"type": int(answer.kind)}
    message = answer.message
    if message is not None:
        about["response_message_id"] = str(message.id)
        about["response_message_loading"] = message.is_loading
        about["response_message_ephemeral"] = message.is_ephemeral
        resource["message"] = message.to_json()
    return {"interaction": about, "resource": resource}


def _pong(interaction: Interaction, data: dict[str, Any], body: Body) -> Answer:
    return Answer(AnswerKind.PONG)


def _message(interaction: Interaction, data: dict[str, Any], body: Body) -> Answer:
    message = posting.compose(interaction.channel, interaction.world.bot, data, body)
    interaction.sign(message)
    posting.show(message)
    return Answer(AnswerKind.MESSAGE, message)


def _defer(interaction: Interaction, data: dict[str, Any], body: Body) -> Answer:
    message = interaction.thinking(data.get("flags") or 0)
    interaction.sign(message)
    posting.show(message)
    return Answer(AnswerKind.DEFERRED, message)


def _pressed(interaction: Interaction) -> Message:
    if interaction.message is None:
        raise invalid_form("type", "INTERACTION_TYPE_INVALID", "There is no message to update.")
    return interaction.message


def _defer_update(interaction: Interaction, data: dict[str, Any], body: Body) -> Answer:
    _pressed(interaction)
    return Answer(AnswerKind.DEFERRED_UPDATE)


def _update(interaction: Interaction, data: dict[str, Any], body: Body) -> Answer:
    posting.change(_pressed(interaction), data, body)
    return Answer(AnswerKind.UPDATE, interaction.message)


def _suggest(interaction: Interaction, data: dict[str, Any], body: Body) -> Answer:
    choices = data["choices"]
    if interaction.kind is not InteractionKind.AUTOCOMPLETE:
        raise invalid_form("type", "INTERACTION_TYPE_INVALID", "Only an autocomplete takes choices.")
    if len(choices) > 25:
        raise too_long("data.choices", 25)
    for number, choice in enumerate(choices):
        for key in ("name", "value"):
            if not 1 <= len(str(choice[key])) <= 100:
                path = f"data.choices.{number}.{key}"
                raise invalid_form(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return Answer(AnswerKind.CHOICES, choices=tuple(choices))


def _ask(interaction: Interaction, data: dict[str, Any], body: Body) -> Answer:
    if interaction.kind is InteractionKind.MODAL_SUBMIT:
        raise invalid_form("type", "INTERACTION_TYPE_INVALID", "A modal cannot answer a modal.")
    if not 1 <= len(data["title"]) <= 45:
        raise too_long("data.title", 45)
    check_components(data["components"])
    return Answer(AnswerKind.MODAL, modal=data)


ANSWERS: dict[AnswerKind, Callable[[Interaction, dict[str, Any], Body], Answer]] = {
    AnswerKind.PONG: _pong,
    AnswerKind.MESSAGE: _message,
    AnswerKind.DEFERRED: _defer,
    AnswerKind.DEFERRED_UPDATE: _defer_update,
    AnswerKind.UPDATE: _update,
    AnswerKind.CHOICES: _suggest,
    AnswerKind.MODAL: _ask,
}


def _interaction(request: web.Request) -> Interaction:
    interaction = world_of(request).interactions.get(request.match_info["token"])
    if interaction is None:
        raise ApiError(Refusal.UNKNOWN_WEBHOOK)
    interaction.check_token()
    return interaction


def _said(request: web.Request) -> tuple[Interaction, Message]:
    interaction, wanted = _interaction(request), request.match_info["message_id"]
    if wanted == "@original":
        message = interaction.original
    else:
        message = next((one for one in interaction.messages if str(one.id) == wanted), None)
    if message is None or message.deleted:
        raise ApiError(Refusal.UNKNOWN_MESSAGE)
    return interaction, message


@routes.post(WEBHOOK)
async def follow_up(request: web.Request) -> web.Response:
    """Says more; the first follow-up to "thinking ..." takes its place, and its ephemeral flag."""
    body = await read_body(request)
    interaction = _interaction(request)
    original = interaction.original
    if original is not None and original.is_loading and not original.deleted:
        posting.change(original, body.fields, body)
        return json_answer(original.to_json())
    interaction.check_follow_up()
    message = posting.compose(interaction.channel, interaction.world.bot, body.fields, body)
    interaction.sign(message)
    interaction.followups.append(message)
    posting.show(message)
    return json_answer(message.to_json())


@routes.get(SAID)
async def fetch(request: web.Request) -> web.Response:
    return json_answer(_said(request)[1].to_json())


@routes.patch(SAID)
async def edit(request: web.Request) -> web.Response:
    body = await read_body(request)
    message = _said(request)[1]
    posting.change(message, body.fields, body)
    return json_answer(message.to_json())


@routes.delete(SAID)
async def delete(request: web.Request) -> web.Response:
    posting.remove(_said(request)[1])
    return nothing()
