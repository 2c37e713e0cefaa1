"""Which extractors to ask for the pages of known sites: one table, read from the top.

A row's hosts are domains; subdomains count too. Its path is a regular expression for the start of path and query; the
group `id` is what tells two things of the site apart. Rows for every other path of a site, and rows for software that
runs on any host, are asked after the libraries' own patterns, which know more of them. The URLs beside a row are an
example, with the id that is read from it, and one that looks alike but is not this row's: they are the tests.
"""

from dataclasses import dataclass

from core.models import UrlType

PICTURES = (UrlType.GALLERYDL, UrlType.YTDLP, UrlType.PLAYWRIGHT)  # posts: pictures, and videos between them
VIDEOS = (UrlType.YTDLP, UrlType.PLAYWRIGHT)
VIDEOS_OR_PICTURES = (UrlType.YTDLP, UrlType.GALLERYDL, UrlType.PLAYWRIGHT)
SHOWN = (UrlType.DIRECT, UrlType.GALLERYDL, UrlType.PLAYWRIGHT)  # a picture's own address, of which there is a larger
FILES = (UrlType.DIRECT, UrlType.YTDLP, UrlType.PLAYWRIGHT)  # the URL of a file, although it has no ending
SCRIPTED = (UrlType.PLAYWRIGHT, UrlType.YTDLP)  # neither library knows the site, and its pages are empty without script
OTHER = ""  # every other path
ANY_HOST = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Pages of one site."""

    site: str  # with ":*", ids are told apart by host too
    hosts: str  # domains with spaces between, or ANY_HOST
    path: str
    candidates: tuple[UrlType, ...]
    example: str
    counter_example: str
    example_id: str | None = None  # None: this row reads no id

    @property
    def is_last_resort(self) -> bool:
        """Whether the libraries' own patterns are asked before."""
        return self.path == OTHER or self.hosts == ANY_HOST


_MASTODON = r"(?:/web)?/(?:@[^/?#]+|users/[^/?#]+/statuses)/(?P<id>\d{15,20})(?=$|[/?])"
_UUID = r"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"
_SHORT_UUID = "[1-9A-HJ-NP-Za-km-z]{22}"

# fmt: off
ROUTES = (
    # -- posts -------------------------------------------------------------------------------------------------------
    Route("twitter", "x.com", r"/(?:i/web|[^/?#]+)/status(?:es)?/(?P<id>\d+)", PICTURES,
          "https://x.com/freethenipple/status/643211948184596480", "https://x.com/freethenipple/media",
          "643211948184596480"),
    Route("twitter", "x.com", r"/i/(?:spaces|broadcasts)/(?P<id>\w+)", VIDEOS,
          "https://x.com/i/spaces/1RDxlgyvNXzJL", "https://x.com/i/lists/1234", "1RDxlgyvNXzJL"),
    Route("twitter", "x.com", OTHER, PICTURES, "https://x.com/NASA/media", "https://notx.com/NASA/media"),
    Route("twitter-media", "pbs.twimg.com video.twimg.com", r"/.", SHOWN,
          "https://pbs.twimg.com/media/EqcpviCVoAAG-QG?format=jpg&name=orig", "https://abs.twimg.com/a"),
    Route("reddit", "reddit.com", r"(?:/(?:r|u|user)/[^/?#]+)?/(?:comments|gallery)/(?P<id>\w+)", PICTURES,
          "https://www.reddit.com/r/videos/comments/6rrwyj/that_small_heart_attack/",
          "https://www.reddit.com/r/videos/", "6rrwyj"),
    Route("reddit-video", "v.redd.it", r"/(?P<id>\w+)", VIDEOS,
          "https://v.redd.it/zv89llsvexdz", "https://i.redd.it/zv89llsvexdz", "zv89llsvexdz"),
    Route("reddit-media", "i.redd.it preview.redd.it external-preview.redd.it", r"/.", SHOWN,
          "https://i.redd.it/abcdef", "https://v.redd.it/abcdef"),
    Route("reddit", "reddit.com redd.it", OTHER, PICTURES,
          "https://www.reddit.com/r/aww/s/abc456GHIJ", "https://www.reddit.example/r/aww/s/abc456GHIJ"),
    Route("instagram", "instagram.com", r"/(?:reel|tv)/(?P<id>[\w-]+)", VIDEOS_OR_PICTURES,
          "https://www.instagram.com/reel/Chunk8-jurw/", "https://www.instagram.com/reels/audio/1234/", "Chunk8-jurw"),
    Route("instagram", "instagram.com", r"/p/(?P<id>[\w-]+)", PICTURES,
          "https://www.instagram.com/p/aye83DjauH/", "https://www.instagram.com/porsche/", "aye83DjauH"),
    Route("instagram", "instagram.com", OTHER, PICTURES,
          "https://www.instagram.com/stories/fruits_zipper/3570766765028588805/", "https://myinstagram.com/stories/a/"),
    Route("threads", "threads.com", r"/(?:@[^/?#]+/post|t)/(?P<id>[\w-]+)", SCRIPTED,
          "https://www.threads.com/@zuck/post/CuVuVYyLMIh", "https://www.threads.com/@zuck", "CuVuVYyLMIh"),
    Route("bluesky", "bsky.app", r"/profile/(?P<id>[^/?#]+/post/\w+)", PICTURES,
          "https://bsky.app/profile/blu3blue.bsky.social/post/3l4omssdl632g", "https://bsky.app/profile/did:plc:abc",
          "blu3blue.bsky.social/post/3l4omssdl632g"),
    Route("mastodon:*", "mastodon.social mastodon.art pawoo.net baraag.net", _MASTODON, PICTURES,
          "https://mastodon.social/@jk/103266377352013212", "https://mastodon.social/@jk", "103266377352013212"),
    Route("misskey:*", "misskey.io misskey.design misskey.art sushi.ski", r"/notes/(?P<id>\w+)", PICTURES,
          "https://misskey.io/notes/9bhqfo835v", "https://misskey.io/@lithla", "9bhqfo835v"),
    Route("tumblr", "tumblr.com", r"/(?:(?:blog/view/)?[\w-]+/|post/|video/|image/)(?P<id>\d{6,})(?=$|[/?])", PICTURES,
          "https://tatianamaslanydaily.tumblr.com/post/54196191430/orphan-black-dvd", "https://www.tumblr.com/dashboard",
          "54196191430"),
    Route("pinterest", "pinterest.com", r"/pin/(?:[\w-]+--)?(?P<id>\d+)", PICTURES,
          "https://www.pinterest.com/pin/664281013778109217/", "https://www.pinterest.com/pin/create/",
          "664281013778109217"),
    Route("imgur", "imgur.com", r"/(?:(?:a|gallery|t/\w+)/)?(?:[\w-]+-)?(?P<id>\w{7}|\w{5})(?=$|[.?])", PICTURES,
          "https://imgur.com/a/iX265HX", "https://imgur.com/user/someone", "iX265HX"),
    Route("flickr", "flickr.com", r"/photos/[^/?#]+/(?P<id>\d+)", PICTURES,
          "https://www.flickr.com/photos/forestwander-nature-pictures/5645318632/", "https://www.flickr.com/photos/someone/",
          "5645318632"),
    Route("deviantart", "deviantart.com", r"/[\w-]+/art/(?:[\w-]+-)?(?P<id>\d+)", PICTURES,
          "https://www.deviantart.com/shimoda7/art/For-the-sake-10073852", "https://www.deviantart.com/shimoda7/gallery",
          "10073852"),
    Route("pixiv", "pixiv.net", r"/(?:[a-z]{2}/)?artworks/(?P<id>\d+)", PICTURES,
          "https://www.pixiv.net/en/artworks/966412", "https://www.pixiv.net/en/users/173530", "966412"),
    Route("patreon", "patreon.com", r"/(?:[\w-]+/)?posts/(?:[\w-]+-)?(?P<id>\d+)", PICTURES,
          "https://www.patreon.com/posts/episode-166-of-743933", "https://www.patreon.com/user/posts", "743933"),
    Route("redgifs", "redgifs.com", r"/(?:watch|ifr)/(?P<id>\w+)", VIDEOS_OR_PICTURES,
          "https://www.redgifs.com/watch/squeakyhelplesswisent", "https://www.redgifs.com/users/someone",
          "squeakyhelplesswisent"),
    Route("facebook", "facebook.com", r"/(?:reel/|[^/?#]+/videos/(?:[^/?#]+/)?|watch/?\?(?:.*&)?v=)(?P<id>\d+)",
          VIDEOS_OR_PICTURES, "https://www.facebook.com/watch/?v=647537299265662",
          "https://www.facebook.com/photo/?fbid=10152716010956729", "647537299265662"),
    Route("facebook", "facebook.com", r"/(?:photo|media|[^/?#]+/photos)", PICTURES,
          "https://www.facebook.com/photo/?fbid=10152716010956729", "https://www.facebook.com/reel/1195289147628387"),
    Route("facebook", "facebook.com fb.watch", OTHER, VIDEOS_OR_PICTURES,
          "https://www.facebook.com/story.php?story_fbid=1&id=2", "https://myfacebook.com/story.php"),
    Route("discord-media", "cdn.discordapp.com media.discordapp.net",
          r"/(?:ephemeral-)?attachments/(?P<id>\d+/\d+/[^/?]+)", FILES,
          "https://cdn.discordapp.com/attachments/1/2/cat?ex=1&is=2&hm=3", "https://discord.com/channels/1/2/3",
          "1/2/cat"),

    # -- videos ------------------------------------------------------------------------------------------------------
    Route("youtube", "youtube.com", r"/watch/?\?(?:.*&)?v=(?P<id>[\w-]{11})(?=$|&)", VIDEOS,
          "https://www.youtube.com/watch?v=jNQXAC9IVRw", "https://www.youtube.com/watch?v=short", "jNQXAC9IVRw"),
    Route("youtube", "youtube.com", r"/(?:watch|playlist)/?\?(?:.*&)?list=(?P<id>[\w-]+)", VIDEOS,
          "https://www.youtube.com/playlist?list=PLzH6n4zXuckpfMu_4Ff8E7Z1behQks5ba", "https://www.youtube.com/playlists",
          "PLzH6n4zXuckpfMu_4Ff8E7Z1behQks5ba"),
    Route("youtube", "youtube.com youtu.be", OTHER, VIDEOS,
          "https://www.youtube.com/@user/videos", "https://www.youtube.example/watch?v=jNQXAC9IVRw"),
    Route("tiktok", "tiktok.com", r"/@[^/?#]*/photo/(?P<id>\d+)", PICTURES,
          "https://www.tiktok.com/@d4vinefem/photo/7449708266168274208", "https://www.tiktok.com/@scout2015",
          "7449708266168274208"),
    Route("tiktok", "tiktok.com", r"/(?:@[^/?#]*/video|embed|share/video)/(?P<id>\d+)", VIDEOS_OR_PICTURES,
          "https://www.tiktok.com/@scout2015/video/6718335390845095173", "https://www.tiktok.com/@scout2015",
          "6718335390845095173"),
    Route("tiktok", "tiktok.com", OTHER, VIDEOS_OR_PICTURES,
          "https://vm.tiktok.com/ZSe4FqkKd", "https://tiktok.example/@scout2015"),
    Route("twitch-clip", "twitch.tv", r"/(?:\w+/)?clip/(?P<id>[\w-]+)", VIDEOS,
          "https://www.twitch.tv/sergeynixon/clip/StormyThankfulSproutFutureMan", "https://www.twitch.tv/riotgames/clips",
          "StormyThankfulSproutFutureMan"),
    Route("twitch", "twitch.tv", r"/(?:videos|\w+/v(?:ideo)?)/(?P<id>\d+)", VIDEOS,
          "https://www.twitch.tv/videos/6528877", "https://www.twitch.tv/riotgames/videos", "6528877"),
    Route("twitch", "twitch.tv", OTHER, VIDEOS, "https://www.twitch.tv/shroomztv", "https://nottwitch.tv/shroomztv"),
    Route("vimeo", "vimeo.com", r"/(?:video/|channels/[^/?#]+/|groups/[^/?#]+/videos/)?(?P<id>\d+)", VIDEOS,
          "https://vimeo.com/76979871", "https://vimeo.com/user", "76979871"),
    Route("vimeo", "vimeo.com", OTHER, VIDEOS, "https://vimeo.com/channels/tributes", "https://vimeo.com.example/76979871"),
    Route("dailymotion", "dailymotion.com", r"/(?:embed/)?video/(?P<id>\w+)", VIDEOS,
          "https://www.dailymotion.com/video/x2jvvep", "https://www.dailymotion.com/playlist/xv4bw", "x2jvvep"),
    Route("dailymotion", "dailymotion.com dai.ly", OTHER, VIDEOS,
          "https://www.dailymotion.com/playlist/xv4bw_nqtv_sport", "https://daily.motion.com/video/x2jvvep"),
    Route("soundcloud", "soundcloud.com", r"/(?P<id>[\w-]+/(?!(?:tracks|albums|sets|reposts|likes)(?:$|\?))[\w-]+"
          r"(?:/[\w-]+)*)", VIDEOS,
          "https://soundcloud.com/ethmusic/lostin-powers", "https://soundcloud.com/ethmusic/tracks",
          "ethmusic/lostin-powers"),
    Route("soundcloud", "soundcloud.com", OTHER, VIDEOS, "https://soundcloud.com/the-akashic", "https://soundcloud.example/a"),
    Route("bandcamp:*", "bandcamp.com", r"/(?P<id>(?:track|album)/[\w-]+)", VIDEOS,
          "https://benprunty.bandcamp.com/track/lanius-battle", "https://benprunty.bandcamp.com/music",
          "track/lanius-battle"),
    Route("bandcamp", "bandcamp.com", OTHER, VIDEOS, "https://adrianvonziegler.bandcamp.com", "https://band.camp.com/track/a"),
    Route("streamable", "streamable.com", r"/(?:[es]/)?(?P<id>\w+)", VIDEOS,
          "https://streamable.com/dnd1", "https://streamable.com/", "dnd1"),
    Route("bilibili", "bilibili.com", r"/video/(?P<id>(?:BV|bv|av|AV)\w+(?:/?\?(?:.*&)?p=\d+)?)", VIDEOS,
          "https://www.bilibili.com/video/BV13x41117TL", "https://www.bilibili.com/bangumi/play/ep21495/",
          "BV13x41117TL"),
    Route("vk", "vk.com vk.ru vkvideo.ru", r"/(?:.*z=)?(?:video|clip)(?P<id>-?\d+_\d+)", VIDEOS,
          "https://vk.com/video-77521_162222515", "https://vk.com/album12345_6", "-77521_162222515"),
    Route("rumble", "rumble.com", r"/(?P<id>v[\da-z]{4,})-", VIDEOS,
          "https://rumble.com/vdmum1-moose-the-dog-helps-girls-dig-a-snow-fort.html", "https://rumble.com/c/someone",
          "vdmum1"),
    Route("kick", "kick.com", r"/(?:[\w-]+/clips/|[\w-]+/?\?(?:.*&)?clip=)(?P<id>clip_\w+)", VIDEOS,
          "https://kick.com/mxddy/clips/clip_01GYXVB5Y8PWAPWCWMSBCFB05X", "https://kick.com/mxddy/clips",
          "clip_01GYXVB5Y8PWAPWCWMSBCFB05X"),
    Route("nicovideo", "nicovideo.jp", r"/(?:watch|shorts)/(?P<id>[a-z]{0,2}\d+)", VIDEOS,
          "https://www.nicovideo.jp/watch/sm22312215", "https://www.nicovideo.jp/user/419948", "sm22312215"),
    Route("bbc", "bbc.co.uk bbc.com", OTHER, VIDEOS_OR_PICTURES,
          "https://www.bbc.co.uk/programmes/b039g8p7", "https://bbc.example/programmes/b039g8p7"),

    # -- files -------------------------------------------------------------------------------------------------------
    Route("google-drive", "drive.google.com docs.google.com drive.usercontent.google.com",
          r"/(?:file/d/|(?:open|uc|download)\?(?:.*&)?id=)(?P<id>[\w-]{25,})", VIDEOS,
          "https://drive.google.com/file/d/0ByeS4oOUV-49Zzh4R1J6R09zazQ/view",
          "https://drive.google.com/drive/folders/1dQ4sx0-__Nvg65rxTSgQrl7VyW_FZ9QI", "0ByeS4oOUV-49Zzh4R1J6R09zazQ"),
    Route("dropbox", "dropbox.com", r"/(?P<id>(?:e/)?(?:scl/fi|s)/\w+)", FILES,
          "https://www.dropbox.com/s/nelirfsxnmcfbfh/clip?dl=1", "https://www.dropbox.com/scl/fo/zjfqse5txqfd7twa8iewj/a",
          "s/nelirfsxnmcfbfh"),
    Route("mediafire", "mediafire.com", r"/(?:file|file_premium|view|download)/(?P<id>\w+)",
          (UrlType.DIRECT, UrlType.PLAYWRIGHT),
          "https://www.mediafire.com/file/abcdef123456789/clip.mp4/file", "https://www.mediafire.com/folder/abcdef/x",
          "abcdef123456789"),

    # -- software that runs on many hosts ----------------------------------------------------------------------------
    Route("mastodon:*", ANY_HOST, _MASTODON, PICTURES,
          "https://fosstodon.org/@kev/109348529034278543", "https://site.test/@kev/about", "109348529034278543"),
    Route("misskey:*", ANY_HOST, r"/notes/(?P<id>[\da-z]{10}|[\da-z]{16})$", PICTURES,
          "https://misskey.test/notes/9bhqfo835v", "https://site.test/notes/today", "9bhqfo835v"),
    Route("peertube:*", ANY_HOST, rf"/(?:w|videos/(?:watch|embed))/(?P<id>{_UUID}|{_SHORT_UUID})(?=$|[?;])", VIDEOS,
          "https://tube.test/w/ckqZdwdfv4jt9tqp5vMLL9", "https://tube.test/w/p/ckqZdwdfv4jt9tqp5vMLL9",
          "ckqZdwdfv4jt9tqp5vMLL9"),
)
# fmt: on
