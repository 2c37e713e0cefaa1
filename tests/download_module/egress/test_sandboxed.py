"""A child in a network where there is nothing but the guard."""

import asyncio

import psutil
import pytest

from core.children import end_child, start_child
from core.sandbox import layers
from core.sandbox_network import GuardedNetwork
from download_module.egress.guard import EgressGuard
from tests.download_module.egress.given import answers, origin

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.skipif(not layers().namespaces, reason="this machine gives children no network of their own")
async def test_a_child_reaches_through_the_guard_and_nothing_without_it(guard: EgressGuard) -> None:
    network = GuardedNetwork(guard.adopt, guard.port)

    async def curl(*argv: str) -> tuple[int | None, bytes]:
        child = await start_child(("curl", "-s", "-m", "20", "--noproxy", "", *argv), network=network)
        said, _ = await child.communicate()
        await end_child(child)
        return child.returncode, said

    proxy = guard.proxy("probe", 4)
    async with origin(answers(OK)) as server:
        assert await curl(server.url) == (7, b""), "CURLE_COULDNT_CONNECT: not even this machine is there"
        assert await curl("-x", proxy.url, server.url) == (0, b"ok")
        assert guard.pid is not None
        psutil.Process(guard.pid).kill()
        assert await curl("-x", proxy.url, server.url) == (0, b"ok"), "the next guard has the socket too"
        _, said = await asyncio.wait_for(curl("-x", proxy.url, "http://10.0.0.1/"), 20)
        assert said == b"This address is not allowed.\n"
        assert guard.refused(4) == "10.0.0.1:80"
    network.close()
