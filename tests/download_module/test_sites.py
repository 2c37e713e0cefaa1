"""Rules for single sites: which table serves a URL, and every fault of the file told with its place."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import ConfigurationError
from core.settings import Settings, read_settings, variable_of
from download_module.sites import Site, Sites, exposed_cookies, file_of, sites_from

EXAMPLE = Path(__file__).parents[2] / "sites.example.toml"
Rules = Callable[..., Sites]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing set, and a directory of its own."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(variable_of(field), raising=False)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Rules:
    """The sites of a file with that text, and of these settings."""

    def read(text: str = "", **variables: str) -> Sites:
        if text:
            (tmp_path / "sites.toml").write_text(text, encoding="utf-8")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return sites_from(read_settings())

    return read


def test_without_rules_every_url_has_the_defaults(rules: Rules) -> None:
    for sites in (Sites(), rules()):
        for url in ("https://youtube.com/watch?v=a", "magnet:?xt=urn:btih:a", "", "http://[", "nonsense"):
            assert sites.of(url) == Site()


def test_a_table_says_everything(rules: Rules, tmp_path: Path) -> None:
    (tmp_path / "jar.txt").touch(mode=0o600)
    sites = rules(
        """
        [sites."youtube.com"]
        cookies = "jar.txt"
        proxy = "socks5://127.0.0.1:1080"
        rate = "2.5M"
        connections = 4
        concurrent = 2
        strategy = "program"
        fallback = false
        gallery_instance = "mastodon"
        [sites."youtube.com".ytdlp]
        extractor_retries = 2
        [sites."youtube.com".gallerydl]
        quoted = true
        """
    )
    assert sites.of("https://www.youtube.com/watch?v=a") == Site(
        name="youtube.com",
        cookies=tmp_path / "jar.txt",
        proxy="socks5://127.0.0.1:1080",
        rate=int(2.5 * 2**20),
        connections=4,
        concurrent=2,
        use_library=False,
        fall_back=False,
        options={"ytdlp": {"extractor_retries": 2}, "gallerydl": {"quoted": True}, "instance": "mastodon"},
    )


SEVERAL = """
[sites."x.com"]
rate = 1
[sites."youtu.be"]
rate = 2
[sites."reddit.com"]
rate = 3
[sites."old.reddit.com"]
rate = 4
[sites."127.0.0.1"]
rate = 5
"""


@pytest.mark.parametrize(
    ("url", "rate"),
    [
        ("https://x.com/a/status/1", 1),
        ("https://video.x.com/a", 1),
        ("https://TWITTER.com/a/status/1", 1),
        ("https://mobile.twitter.com/a", 1),
        ("https://x.com.:443/a", 1),
        ("https://notx.com/a", None),
        ("https://x.com.evil.test/a", None),
        ("https://evil.test/x.com", None),
        ("https://x.com@evil.test/", None),
        ("https://youtube.com/watch?v=a", 2),
        ("https://music.youtube.com/watch?v=a", 2),
        ("https://youtu.be/a", 2),
        ("https://www.reddit.com/r/a", 3),
        ("https://old.reddit.com/r/a", 4),
        ("https://a.old.reddit.com/r/a", 4),
        ("http://127.0.0.1:8080/a", 5),
        ("http://127.0.0.11/a", None),
        ("com", None),
    ],
)
def test_the_nearest_table_serves_a_url(rules: Rules, url: str, rate: int | None) -> None:
    assert rules(SEVERAL).of(url).rate == rate


@given(some.text())
def test_any_text_has_rules(text: str) -> None:
    assert Sites({"x.com": Site(rate=1)}).of(text) in (Site(), Site(rate=1))


def test_flags_choose_the_program_and_a_table_goes_over_them(rules: Rules) -> None:
    sites = rules(
        '[sites."music.youtube.com"]\nrate = 1\n[sites."youtube.com"]\nstrategy = "library"\n[sites."x.com"]\nrate = 2',
        YOUTUBE_USE_API_CLIENT="false",
        TWITTER_USE_API_CLIENT="false",
        REDDIT_USE_API_CLIENT="false",
        DOWNLOAD_API_FALLBACK_TO_CLI="false",
    )
    uses = {
        host: sites.of(f"https://{host}/").use_library
        for host in ("youtube.com", "music.youtube.com", "x.com", "reddit.com", "instagram.com", "other.test")
    }
    assert uses == {
        "youtube.com": True,
        "music.youtube.com": False,
        "x.com": False,
        "reddit.com": False,
        "instagram.com": True,
        "other.test": True,
    }
    assert not sites.of("https://other.test/").fall_back
    assert sites.of("https://x.com/").rate == 2


def test_settings_for_gallery_dl_hold_for_all_sites(rules: Rules, tmp_path: Path) -> None:
    (tmp_path / "jar.txt").touch(mode=0o600)
    (tmp_path / "own.txt").touch(mode=0o600)
    sites = rules(
        '[sites."x.com"]\ncookies = "own.txt"\ngallerydl = { quoted = true }',
        GALLERY_DL_COOKIES_FILE="jar.txt",
        GALLERY_DL_USER_AGENT="Mozilla/5.0",
    )
    other, named = sites.of("https://other.test/"), sites.of("https://x.com/")
    assert (other.cookies, other.options) == (tmp_path / "jar.txt", {"gallerydl": {"user-agent": "Mozilla/5.0"}})
    assert (named.cookies, named.options) == (
        tmp_path / "own.txt",
        {"gallerydl": {"user-agent": "Mozilla/5.0", "quoted": True}},
    )


def test_gallery_dls_own_configuration_is_taken_without_what_is_dangerous(rules: Rules, tmp_path: Path) -> None:
    config = {
        "extractor": {
            "base-directory": "/",
            "postprocessors": [{"name": "exec", "command": "rm"}],
            "cookies": ["firefox"],
            "twitter": {"quoted": True, "cookies": {"browser": "firefox"}, "archive": "/a.db"},
            "ytdl": {"raw-options": {"exec_cmd": "rm"}, "format": "best"},
            "pixiv": {"cookies": {"PHPSESSID": "1"}},
        }
    }
    (tmp_path / "gallery-dl.conf").write_text(json.dumps(config))
    options = rules(GALLERY_DL_CONFIG_FILE="gallery-dl.conf").of("https://other.test/").options
    assert options["gallerydl_config"] == {
        "extractor": {"twitter": {"quoted": True}, "ytdl": {"format": "best"}, "pixiv": {"cookies": {"PHPSESSID": "1"}}}
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[sites."x.com"]\ncookie = "a"', 'toml, [sites."x.com"]: cookie means nothing there. Did you mean cookies?'),
        ('[sites."x.com"]\nfoo = 1', "foo means nothing there. Possible are cookies, proxy, rate, "),
        ('[sites."x.com"]\ncookies = "gone.txt"', "there is no file"),
        ('[sites."x.com"]\nproxy = "127.0.0.1"', "proxy is no proxy such as http://"),
        ('[sites."x.com"]\nproxy = "file:///etc"', "proxy is no proxy such as http://"),
        ('[sites."x.com"]\nrate = "fast"', "rate 'fast' is no rate. Write bytes a second, such as 500K or 2M"),
        ('[sites."x.com"]\nrate = -1', "rate -1 is no rate"),
        ('[sites."x.com"]\nconnections = 17', "connections = 17: Input should be less than or equal to 16."),
        ('[sites."x.com"]\nconcurrent = 0', "concurrent = 0: Input should be greater than or equal to 1."),
        ('[sites."x.com"]\nstrategy = "api"', "strategy = 'api': Input should be 'library' or 'program'."),
        ('[sites."x.com"]\nfallback = "perhaps"', "fallback = 'perhaps': Input should be a valid boolean"),
        ('[sites."x.com"]\ngallery_instance = "a:b"', "gallery_instance = 'a:b': String should match pattern"),
        ('[sites."x.com".ytdlp]\nexec_cmd = "rm"', "ytdlp can't set exec_cmd: a link may not run programs"),
        ('[sites."x.com".ytdlp]\ncookiesfrombrowser = ["firefox"]', "ytdlp can't set cookiesfrombrowser"),
        ('[sites."x.com".ytdlp]\na = [{ postprocessors = [] }]', "ytdlp can't set postprocessors"),
        ('[sites."x.com".gallerydl]\nsub = { postprocessors = [] }', "gallerydl can't set postprocessors"),
        ('[sites."x.com".gallerydl]\ncookies = ["firefox"]', "gallerydl can't set cookies"),
        ('[sites."x.com".ytdlp]\nproxy = "http://a"', "ytdlp can't set proxy: write `proxy` in the table of the site"),
        ('[sites."x.com".ytdlp]\ncookiefile = "a"', "write `cookies` in the table of the site"),
        ("[sites.youtube.com]\nrate = 1", 'com means nothing there. Hosts stand in quotes: [sites."youtube.com"].'),
        ('[sites."https://x.com/"]\nrate = 1', "names no host. Write it without https://"),
        ('[sites."x.com"]\nrate = 1\n[sites."twitter.com"]\nrate = 1', "two tables mean x.com"),
        ('sites = 1\n["x.com"]', "means nothing there"),
        ('["x.com"]\nrate = 1', 'x.com means nothing there. Tables are named [sites."youtube.com"].'),
        ("sites = 1", "sites is no table"),
        ('[sites]\n"x.com" = 1', "x.com is no table"),
        ("[sites", "is no TOML"),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_is_possible(rules: Rules, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rules(text)
    assert told in str(caught.value)
    assert str(caught.value).startswith("sites.toml")


@pytest.mark.parametrize(
    ("variable", "content", "told"),
    [
        ("SITES_FILE", None, "(SITES_FILE) can't be read: No such file or directory."),
        ("SITES_FILE", b"\xff", "(SITES_FILE) is no text in UTF-8."),
        ("GALLERY_DL_CONFIG_FILE", None, "(GALLERY_DL_CONFIG_FILE) can't be read"),
        ("GALLERY_DL_CONFIG_FILE", b"{", "is no JSON"),
        ("GALLERY_DL_CONFIG_FILE", b"[]", "holds no JSON object"),
        ("GALLERY_DL_COOKIES_FILE", None, "Correct GALLERY_DL_COOKIES_FILE."),
    ],
)
def test_a_file_that_is_named_must_be_there_and_sound(
    rules: Rules, tmp_path: Path, variable: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / "given").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        rules(**{variable: "given"})
    assert told in str(caught.value)


def test_cookies_that_others_can_read_are_named(rules: Rules, tmp_path: Path) -> None:
    (tmp_path / "open.txt").touch()
    (tmp_path / "open.txt").chmod(0o644)
    (tmp_path / "private.txt").touch(mode=0o600)
    sites = rules('[sites."x.com"]\ncookies = "open.txt"\n[sites."a.test"]\ncookies = "private.txt"')
    assert exposed_cookies(sites) == [tmp_path / "open.txt"]


def test_the_example_is_valid_as_it_is_and_with_everything_in_it(tmp_path: Path, rules: Rules) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert rules(text).of("https://youtube.com/").concurrent == 2
    (tmp_path / "cookies").mkdir()
    (tmp_path / "cookies" / "youtube.txt").touch(mode=0o600)
    commented = ("cookies =", "proxy =", "extractor_args =", "filename =")
    lines = [line.removeprefix("# ") if line.startswith(tuple(f"# {name}" for name in commented)) else line
             for line in text.splitlines()]  # fmt: skip
    sites = rules("\n".join(lines))
    assert sites.of("https://youtube.com/").cookies == tmp_path / "cookies" / "youtube.txt"
    assert "filename" in sites.of("https://x.com/").options["gallerydl"]
    assert sites.of("https://mastodon.example/@bob/1").options == {"instance": "mastodon"}


def test_the_file_of_the_working_directory_is_found(rules: Rules, tmp_path: Path) -> None:
    assert file_of(read_settings()) is None
    rules(SEVERAL)
    assert file_of(read_settings()) == Path("sites.toml")
