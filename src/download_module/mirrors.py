"""How the addresses that people paste differ from the original: tables, each row with an example and its result.

All hosts are lower-case. Mirrors show a site's pages under another name; rewrites change the form of a URL; wrappers
carry the URL in a parameter; trackers are parameters that say who shared it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a regular expression matches becomes something else."""

    pattern: str  # a mirror's: for the whole host; else for host, path and query together
    replacement: str
    example: str
    result: str


# Hosts alone: path and query are the original's.
# fmt: off
MIRRORS = (
    Rewrite(r"(?:(?:www|m|mobile)\.)?twitter\.com|(?:www|m|mobile)\.x\.com"
            r"|(?:[\w-]+\.)?(?:fxtwitter|vxtwitter|twittpr|pxtwitter|fixupx|fixvx|girlcockx)\.com", "x.com",
            "https://d.fxtwitter.com/NASA/status/1", "https://x.com/NASA/status/1"),
    Rewrite(r"(?:(?:old|new|np|sh|m|i|amp|[a-z]{2})\.)?reddit\.com|(?:(?:www|old|new)\.)?(?:rxddit|vxreddit|redditez)\.com"
            r"|(?:libreddit|redlib|teddit)\.[\w.-]+", "www.reddit.com",
            "https://old.reddit.com/r/aww/comments/1", "https://www.reddit.com/r/aww/comments/1"),
    Rewrite(r"instagram\.com|(?:\w\.|www\.)?(?:dd|kk|ee|uu|zz|to|rx|vx|fx)instagram\.com|(?:www\.)?instagramez\.com",
            "www.instagram.com",
            "https://www.ddinstagram.com/reel/Chunk8-jurw/", "https://www.instagram.com/reel/Chunk8-jurw/"),
    Rewrite(r"(?:www\.)?(?:threads\.net|fixthreads\.net|vxthreads\.net)|threads\.com", "www.threads.com",
            "https://www.threads.net/@zuck/post/CuVuVYyLMIh", "https://www.threads.com/@zuck/post/CuVuVYyLMIh"),
    Rewrite(r"(?:www\.)?(?:fxbsky|vxbsky|cbsky|bskx|bskyx|bsyy|xbsky)\.app|www\.bsky\.app", "bsky.app",
            "https://fxbsky.app/profile/a.test/post/1", "https://bsky.app/profile/a.test/post/1"),
    Rewrite(r"(?:vm|vt)\.(?:vxtiktok|tnktok|tiktxk|tfxktok|kktiktok)\.com", "vm.tiktok.com",
            "https://vt.tnktok.com/ZSe4FqkKd", "https://vm.tiktok.com/ZSe4FqkKd"),
    Rewrite(r"tiktok\.com|(?:www\.|m\.)?(?:vxtiktok|tnktok|tiktxk|tfxktok|kktiktok)\.com", "www.tiktok.com",
            "https://vxtiktok.com/@a/video/1", "https://www.tiktok.com/@a/video/1"),
    Rewrite(r"(?:(?:m|gaming)\.)?youtube\.com|(?:www\.)?youtube-nocookie\.com", "www.youtube.com",
            "https://m.youtube.com/watch?v=jNQXAC9IVRw", "https://www.youtube.com/watch?v=jNQXAC9IVRw"),
    Rewrite(r"(?:(?:m|go)\.)?twitch\.tv", "www.twitch.tv",
            "https://m.twitch.tv/videos/6528877", "https://www.twitch.tv/videos/6528877"),
    Rewrite(r"(?:m\.)?bilibili\.com|(?:www\.)?(?:vx|fx)bilibili\.com", "www.bilibili.com",
            "https://m.bilibili.com/video/BV13x41117TL", "https://www.bilibili.com/video/BV13x41117TL"),
    Rewrite(r"(?:m|www)\.soundcloud\.com", "soundcloud.com",
            "https://m.soundcloud.com/ethmusic/lostin-powers", "https://soundcloud.com/ethmusic/lostin-powers"),
    Rewrite(r"(?:m|www)\.imgur\.com|(?:www\.)?imgur\.io", "imgur.com",
            "https://m.imgur.com/a/iX265HX", "https://imgur.com/a/iX265HX"),
    Rewrite(r"(?:(?:m|mbasic|touch|web)\.)?facebook\.com|(?:www\.)?facebed\.com", "www.facebook.com",
            "https://m.facebook.com/reel/1195289147628387", "https://www.facebook.com/reel/1195289147628387"),
    Rewrite(r"(?:(?:www|[a-z]{2})\.)?pinterest\.(?:com|info|(?:com?\.)?[a-z]{2})", "www.pinterest.com",
            "https://www.pinterest.co.uk/pin/664281013778109217/", "https://www.pinterest.com/pin/664281013778109217/"),
    Rewrite(r"(?:www\.)?fxdeviantart\.com|deviantart\.com", "www.deviantart.com",
            "https://fxdeviantart.com/a/art/b-1", "https://www.deviantart.com/a/art/b-1"),
    Rewrite(r"(?:touch\.)?pixiv\.net|(?:www\.)?(?:phixiv|ppxiv)\.net", "www.pixiv.net",
            "https://www.phixiv.net/en/artworks/966412", "https://www.pixiv.net/en/artworks/966412"),
    Rewrite(r"(?:sfw\.)?furaffinity\.net|(?:www\.)?(?:fx|vx|x)furaffinity\.net|(?:www\.)?fxraffinity\.net",
            "www.furaffinity.net",
            "https://xfuraffinity.net/view/21835115/", "https://www.furaffinity.net/view/21835115/"),
    Rewrite(r"dropbox\.com", "www.dropbox.com", "https://dropbox.com/s/a/b.mp4", "https://www.dropbox.com/s/a/b.mp4"),
)

# Where a path or a query has another form than the original's. `\2` and the like may be empty.
_ID = r"[\w-]{11}"  # a YouTube video
REWRITES = (
    Rewrite(rf"youtu\.be/({_ID})/?(?:\?(.*))?", r"www.youtube.com/watch?v=\1&\2",
            "https://youtu.be/jNQXAC9IVRw?t=5", "https://www.youtube.com/watch?v=jNQXAC9IVRw&t=5"),
    Rewrite(rf"www\.youtube\.com/(?:shorts|live|embed|v|e)/(?!videoseries|live_stream)({_ID})/?(?:\?(.*))?",
            r"www.youtube.com/watch?v=\1&\2",
            "https://www.youtube.com/shorts/BGQWPY4IigY", "https://www.youtube.com/watch?v=BGQWPY4IigY"),
    Rewrite(r"music\.youtube\.com/((?:watch|playlist)\?.*)", r"www.youtube.com/\1",
            "https://music.youtube.com/watch?v=jNQXAC9IVRw", "https://www.youtube.com/watch?v=jNQXAC9IVRw"),
    Rewrite(rf"(?:yewtu\.be|(?:invidious|piped)\.[\w.-]+)/watch\?((?:.*&)?v={_ID}(?:&.*)?)",
            r"www.youtube.com/watch?\1",
            "https://yewtu.be/watch?v=jNQXAC9IVRw", "https://www.youtube.com/watch?v=jNQXAC9IVRw"),
    Rewrite(r"(?:nitter\.[\w.-]+|xcancel\.com|lightbrd\.com)/((?:i/web|\w+)/status/\d+)(?:[/?].*)?", r"x.com/\1",
            "https://nitter.net/NASA/status/12345", "https://x.com/NASA/status/12345"),
    Rewrite(r"x\.com/((?:i/web|\w+)/status/\d+)(?:/[a-z]{2}|\.\w+)/?(?:\?.*)?", r"x.com/\1",
            "https://fxtwitter.com/NASA/status/12345/en", "https://x.com/NASA/status/12345"),
    Rewrite(r"redd\.it/(\w+)/?(?:\?(.*))?", r"www.reddit.com/comments/\1?\2",
            "https://redd.it/6rrwyj", "https://www.reddit.com/comments/6rrwyj"),
    Rewrite(r"www\.instagram\.com/(?!share/)[\w.]+/(p|reel|tv)/(.*)", r"www.instagram.com/\1/\2",
            "https://www.instagram.com/someone/p/aye83DjauH/", "https://www.instagram.com/p/aye83DjauH/"),
    Rewrite(r"www\.instagram\.com/reels/(?!audio/)([\w-]+.*)", r"www.instagram.com/reel/\1",
            "https://www.instagram.com/reels/Chunk8-jurw/", "https://www.instagram.com/reel/Chunk8-jurw/"),
    Rewrite(r"m\.tiktok\.com/v/(\d+)(?:\.html)?(?:\?.*)?", r"www.tiktok.com/@/video/\1",
            "https://m.tiktok.com/v/6718335390845095173.html", "https://www.tiktok.com/@/video/6718335390845095173"),
    Rewrite(r"m\.tiktok\.com/(@.*)", r"www.tiktok.com/\1",
            "https://m.tiktok.com/@scout2015", "https://www.tiktok.com/@scout2015"),
    Rewrite(r"clips\.twitch\.tv/(?:embed\?clip=)?([\w-]+)(?:[&?].*)?", r"www.twitch.tv/clip/\1",
            "https://clips.twitch.tv/FaintLightGullWholeWheat", "https://www.twitch.tv/clip/FaintLightGullWholeWheat"),
    Rewrite(r"dai\.ly/(\w+)/?(?:\?(.*))?", r"www.dailymotion.com/video/\1?\2",
            "https://dai.ly/x2jvvep", "https://www.dailymotion.com/video/x2jvvep"),
    Rewrite(r"(www\.dropbox\.com/(?:s|scl/fi)/[^?]+\?(?:.*&)?)dl=0((?:&.*)?)", r"\1dl=1\2",
            "https://www.dropbox.com/s/nelirfsxnmcfbfh/a.mp4?dl=0", "https://www.dropbox.com/s/nelirfsxnmcfbfh/a.mp4?dl=1"),
)

# Host and path, the parameter that holds the URL.
WRAPPERS = (
    (r"www\.reddit\.com/media", "url"),
    (r"out\.reddit\.com/.*", "url"),
    (r"(?:l|lm)\.facebook\.com/l\.php", "u"),
    (r"l\.(?:instagram|threads)\.com/", "u"),
    (r"www\.youtube\.com/redirect", "q"),
    (r"(?:www\.)?google\.[a-z.]{2,6}/url", "url"),
    (r"(?:www\.)?google\.[a-z.]{2,6}/url", "q"),
    (r"(?:www\.|m\.)?vk\.com/away\.php", "to"),
    (r"t\.umblr\.com/redirect", "z"),
    (r"steamcommunity\.com/linkfilter/?", "u"),
    (r"href\.li/", ""),  # all of the query
)
# fmt: on

# Parameters that say who shared a link, and nothing about what is behind it.
TRACKERS = (
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid li_fat_id igsh igshid mc_cid mc_eid mkt_tok "
    "_hsenc _hsmi hsctatracking vero_id oly_anon_id oly_enc_id _ga _gl ref_src ref_url wt_mc srsltid"
)
TRACKER_FAMILIES = ("utm_", "mtm_", "pk_")  # beginnings of names
# By domain; these names mean something on other sites.
SITE_TRACKERS = {
    "youtube.com": "si pp feature ab_channel app embeds_referring_euri embeds_referring_origin source_ve_path",
    "youtu.be": "si pp feature",
    "spotify.com": "si context nd",
    "soundcloud.com": "si ref p c",
    "x.com": "s t cxt",
    "reddit.com": "share_id rdt ref ref_source ref_campaign correlation_id post_fullname post_index",
    "instagram.com": "hl",
    "threads.com": "xmt slof",
    "tiktok.com": "_r _t is_from_webapp is_copy_url sender_device sender_web_id web_id share_app_id share_link_id "
    "share_item_id social_sharing u_code tt_from timestamp refer referer_url referer_video_id source",
    "facebook.com": "mibextid rdid share_url __tn__ __cft__[0] refid _rdr paipv eav sfnsn fs",
    "bilibili.com": "spm_id_from from_spmid vd_source share_source share_medium share_plat share_session_id share_tag "
    "share_times share_from unique_k bbid ts from_source seid buvid is_story_h5",
    "pinterest.com": "nic_v1 nic_v2 nic_v3 sfo sender invite_code",
    "twitch.tv": "tt_content tt_medium",
    "vimeo.com": "share fl fe",
    "drive.google.com": "usp ouid rtpof sd",
}
