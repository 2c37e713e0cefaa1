"""The CDN: the bytes that were attached, and a picture for everybody's avatar."""

import base64

from aiohttp import web

from .wire import number, world_of

routes = web.RouteTableDef()
ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


@routes.get(r"/attachments/{channel_id:\d+}/{attachment_id:\d+}/{filename}")
async def attachment(request: web.Request) -> web.Response:
    found = world_of(request).attachments.get(number(request, "attachment_id"))
    if found is None:
        return web.Response(status=404, text="This content is no longer available.")
    return web.Response(body=found.content, content_type=found.content_type)


@routes.get("/{kind:avatars|embed|icons}/{name:.+}")
async def picture(request: web.Request) -> web.Response:
    return web.Response(body=ONE_PIXEL, content_type="image/png")
