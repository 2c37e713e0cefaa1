"""Figures over time: graphs drawn here as SVG, and the same numbers as tables."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.history import DAY, HOUR
from core.history_reading import Point
from core.web_figures import Group, Span
from core.web_sessions import WebSession
from web.charts import CHARTS, draw
from web.desk import desk_of
from web.host_charts import HOST_CHARTS, draw_host, host_rows
from web.logins import NotYours, logged_in
from web.render import page

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # the drawing's own; nothing in it runs


async def show(request: Request, session: WebSession) -> Response:
    """The graphs and their numbers."""
    figures, span = desk_of(request).figures, _span(request)
    moments = await figures.over_time(session.viewer, span)
    errors = await figures.by(Group.ERROR, session.viewer, span, limit=12)
    totals = {
        "done": sum(one.done for one in moments),
        "failed": sum(one.failed for one in moments),
        "bytes": sum(one.bytes for one in moments),
    }
    charts = {name: chart.title for name, chart in CHARTS.items()}
    measured = []
    for name, host in HOST_CHARTS.items() if session.viewer.is_owner else ():
        charts[name] = host.title
        rows = host_rows(name, await _samples(request, name, span), span)
        measured.append((host.title, [series for series, _ in host.series], rows))
    values: dict[str, Any] = {"charts": charts, "moments": moments, "errors": errors, "totals": totals}
    values["measured"] = measured
    return page(request, "figures.html", session=session, span=span, spans=list(Span), **values)


async def chart(request: Request, session: WebSession) -> Response:
    """One graph."""
    name, span = request.path_params["name"], _span(request)
    if name in CHARTS:
        drawn = draw(name, await desk_of(request).figures.over_time(session.viewer, span), span)
    elif name in HOST_CHARTS and session.viewer.is_owner:
        drawn = draw_host(name, await _samples(request, name, span), span)
    else:
        raise NotYours
    headers = {"Content-Security-Policy": SVG_POLICY}
    return Response(drawn, media_type="image/svg+xml", headers=headers)


async def _samples(request: Request, name: str, span: Span) -> list[list[Point]]:
    """What a runner measured of this machine, for each series of a graph."""
    step = HOUR if span is Span.DAY else DAY
    count = span.seconds // round(step.total_seconds())
    chart, history = HOST_CHARTS[name], desk_of(request).history
    return [
        await history.series(chart.measure, count=count, step=step, details=None if detail is None else (detail,))
        for _, detail in chart.series
    ]


def _span(request: Request) -> Span:
    text = request.query_params.get("span", "")
    return Span(text) if text in list(Span) else Span.MONTH


routes = [
    Route("/figures", logged_in(show)),
    Route("/charts/{name}.svg", logged_in(chart)),
]
