"""The web page as a process of its own, beside a real download runner: a link goes in, its bytes come out."""

import re

import httpx

from tests.acceptance.house import House
from tests.support.processes import wait_until

CONTENT = bytes(range(256)) * 4096
READY = re.compile(r'"url": "(http://[^"]+)"')


async def test_a_link_is_pasted_and_its_bytes_are_fetched_without_discord(house: House) -> None:
    url = house.site.add("/clip.bin", CONTENT)
    (web,) = await house.start("web", WEB_PORT="0")
    await house.start("download")
    (url_of_page,) = await wait_until(lambda: READY.findall(web.output), 30, description=lambda: web.output)
    kept = house.directory / "data" / "web-token"
    token = kept.read_text().strip()
    assert kept.stat().st_mode & 0o777 == 0o600
    async with httpx.AsyncClient(base_url=url_of_page, trust_env=False, follow_redirects=True) as client:
        page = await client.post("/login", data={"token": token})
        word = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert word is not None
        asked = await client.post("/downloads", data={"csrf": word[1], "url": url})
        number = int(asked.url.path.rpartition("/")[2])
        await house.until(number, "downloaded", timeout=60)
        fetched = re.search(r'href="(/files/\d+/[^"?]+)', (await client.get(f"/downloads/{number}")).text)
        assert fetched is not None
        assert (await client.get(fetched[1])).content == CONTENT
        again = await client.post("/login", data={"token": token})
        assert again.status_code == 403  # it worked once
    assert house.query("SELECT kind FROM runners WHERE kind = 'web'") == [("web",)]
    assert token not in web.output
    assert kept.read_text().strip() != token, "the next one"
    await web.terminate(30)
    assert web.returncode == 0
    assert house.query("SELECT count(*) FROM runners WHERE kind = 'web'") == [(0,)]
