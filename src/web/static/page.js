// The few things that HTML can't do alone. The page works without them, but not live.
"use strict";
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });

  const copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).value);
      copy.textContent = "Copied";
    });
  }

  // The login ended, here or on another device.
  document.body.addEventListener("htmx:sseClose", () => location.reload());

  // What was told goes away by itself.
  let fading;
  document.body.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target.id !== "toast") return;
    clearTimeout(fading);
    fading = setTimeout(() => document.getElementById("toast").replaceChildren(), 5000);
  });
})();
