// Runs in every frame, again and again: says what media elements there are, and, when asked to, clicks away what covers
// the page and presses play. Gives {elements, clicked, target, settled}; see `Look` in playwright_visit.py.
({ dismiss, play, act }) => {
  const MAX_NODES = 20000;
  const MAX_ELEMENTS = 40;
  const CLICKS_A_LOOK = 2;
  const TRIES = 3; // calls of play() on one element
  const SCROLLS = 8;
  const OVERLAY = /cookie|consent|gdpr|cmp|privacy|overlay|modal|popup|pop-up|banner|dialog|notice|age-?(gate|check|verif)/i;
  const PLAY_CLASS = /play[-_]?(button|btn|icon|overlay)|(^|[^a-z])(big[-_]?)?play([-_]?(control|large|big|now|video))?([^a-z]|$)|overlaid/i;
  const PLAYER_CLASS = /player|video|plyr|vjs|jwplayer|embed/i;

  // `playwright_init.js` has made it before any script of the page ran.
  const memory = window[Symbol.for("media-visit")] || { clicked: new WeakSet(), tried: new WeakMap(), media: new Set(), scrolls: 0 };

  const nodes = [];
  const collect = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (nodes.length >= MAX_NODES) return;
      nodes.push(node);
      if (node.shadowRoot) collect(node.shadowRoot);
    }
  };
  collect(document);

  const shown = (node) => node.checkVisibility({ checkVisibilityCSS: true });
  // In pixels; what lies left of or above the page can't be scrolled to, and a frame shows no more than its own size.
  const areaOf = (node) => {
    const box = node.getBoundingClientRect();
    if (!node.isConnected || !shown(node) || box.right + scrollX <= 0 || box.bottom + scrollY <= 0) return 0;
    return Math.min(box.width * box.height, innerWidth * innerHeight);
  };
  const namesOf = (node) => `${node.id} ${node.getAttribute("class") || ""}`;

  // -- media -----------------------------------------------------------------------------------------------------
  const media = [...new Set([...nodes.filter((node) => node instanceof HTMLMediaElement), ...memory.media])];
  const elements = media.slice(0, MAX_ELEMENTS).map((node) => ({
    src: node.srcObject ? "blob:" : node.currentSrc || node.src || node.querySelector("source")?.src || "",
    audio: node instanceof HTMLAudioElement,
    seconds: Number.isNaN(node.duration) ? null : Math.min(node.duration, 1e9),
    area: areaOf(node),
    loop: node.loop,
    muted: node.muted || node.volume === 0,
    played: node.currentTime,
    poster: node.poster || null,
  }));
  if (!act) return { elements, clicked: 0, target: null };

  // -- clicks ----------------------------------------------------------------------------------------------------
  const labelsOf = (node) =>
    [node.getAttribute("aria-label"), node.title, node.innerText, node.value]
      .filter((text) => typeof text === "string" && text.length <= 60)
      .map((text) => text.toLowerCase().replace(/[’`]/g, "'").replace(/\s+/g, " ").replace(/[.!…]+$/, "").trim());
  const rankOf = (node, words) => {
    const ranks = labelsOf(node).flatMap((label) =>
      words.flatMap((word, rank) => (label === word || (word.length > 2 && label.startsWith(`${word} `)) ? [rank] : [])));
    return ranks.length ? Math.min(...ranks) : -1;
  };
  const staysHere = (node) => {
    const link = node.closest("a[href]");
    if (!link) return true;
    const url = new URL(link.href, location.href);
    return url.protocol === "javascript:" || (url.origin === location.origin && url.pathname === location.pathname);
  };
  const isButton = (node) =>
    node.matches("button, a, [role=button], input[type=button], input[type=submit], summary, [onclick], [tabindex]");
  const coversPage = (node) => {
    if (OVERLAY.test(location.hostname + location.pathname)) return true; // a frame of a consent service
    for (let at = node; at && at !== document.body; at = at.parentElement || at.getRootNode().host) {
      if (at.matches("dialog, [role=dialog], [role=alertdialog], [aria-modal=true]") || OVERLAY.test(namesOf(at))) return true;
      if (["fixed", "sticky"].includes(getComputedStyle(at).position)) return true;
    }
    return false;
  };
  let clicked = 0;
  const click = (node) => {
    memory.clicked.add(node);
    clicked += 1;
    node.click();
  };
  const usable = nodes.filter((node) => node instanceof HTMLElement && !memory.clicked.has(node) && areaOf(node) >= 64);

  const covering = usable
    .filter(isButton)
    .map((node) => [rankOf(node, dismiss), node])
    .filter(([rank, node]) => rank >= 0 && staysHere(node) && coversPage(node))
    .sort(([a], [b]) => a - b);
  for (const [, node] of covering.slice(0, 1)) click(node);

  if (!clicked) {
    const buttons = usable
      .filter((node) => (isButton(node) && rankOf(node, play) >= 0) || PLAY_CLASS.test(namesOf(node)))
      .filter((node) => !(node instanceof HTMLMediaElement) && staysHere(node) && areaOf(node) <= 0.9 * innerWidth * innerHeight)
      .sort((a, b) => areaOf(b) - areaOf(a));
    for (const node of buttons.slice(0, CLICKS_A_LOOK)) click(node);
  }
  for (const node of media.filter((node) => node.paused && !node.ended && node.isConnected).slice(0, 5)) {
    const tries = memory.tried.get(node) || 0;
    if (tries < TRIES) {
      memory.tried.set(node, tries + 1);
      node.play().catch(() => {});
    }
  }

  // -- where a person would click: the middle of the largest thing that looks like a player ----------------------
  const screen = innerWidth * innerHeight;
  const players = nodes
    .filter((node) => node.matches("video, iframe, object") || PLAYER_CLASS.test(namesOf(node)))
    .map((node) => [areaOf(node), node])
    .filter(([area]) => area >= 0.03 * screen && area <= screen)
    .sort(([a], [b]) => b - a);
  let target = null;
  if (players.length) {
    const node = players[0][1];
    const seen = node.getBoundingClientRect();
    if (seen.top < 0 || seen.bottom > innerHeight) node.scrollIntoView({ block: "center", behavior: "instant" });
    const box = node.getBoundingClientRect();
    target = [box.x + box.width / 2, box.y + box.height / 2];
  } else if (window === top && memory.scrolls < SCROLLS) {
    memory.scrolls += 1; // players that are made when they come into view
    scrollBy({ top: innerHeight, behavior: "instant" });
  }
  return { elements, clicked, target };
};
