// Runs in every frame before its scripts: remembers media elements that are not part of the document, such as
// `new Audio(url)` or those in closed shadow roots, and takes away what would reach the network past the gate.
(() => {
  const memory = { clicked: new WeakSet(), tried: new WeakMap(), media: new Set(), scrolls: 0 };
  Object.defineProperty(window, Symbol.for("media-visit"), { value: memory });
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (memory.media.size < 40) memory.media.add(this);
    return play.apply(this, arguments);
  };
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete window[name];
})();
