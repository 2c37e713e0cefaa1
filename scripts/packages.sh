#!/usr/bin/env bash
# Installs the system's packages that are missing: scripts/packages.sh runtime [tests] [bench] [cards]
set -euo pipefail

missing=()
brew=()
need() { # need PROGRAM DEBIAN_PACKAGE [BREW_FORMULA]: remember the package when the program is not there
  command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1 || { missing+=("$2"); brew+=("${3:-$2}"); }
}

for group in "$@"; do
  case "$group" in
    runtime)
      need aria2c aria2
      need ffmpeg ffmpeg
      need sqlite3 sqlite3 sqlite
      if ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
        missing+=(chromium) brew+=("--cask chromium")
      fi
      "${PYTHON:-python3}" -c 'import venv, ensurepip' 2>/dev/null || { missing+=(python3-venv) brew+=(python); }
      # The demo's torrent needs a tracker; only Debian and Ubuntu package one.
      [ "$(uname)" = Darwin ] || need opentracker opentracker
      ;;
    tests)
      need initdb postgresql
      [ -x /usr/sbin/nginx ] || need nginx nginx
      [ -x /usr/sbin/clamd ] || need clamd clamav-daemon clamav
      ;;
    cards)
      # Without it the emoji of a card are empty boxes.
      [ "$(uname)" = Darwin ] || fc-list 2>/dev/null | grep -qi 'color emoji' || { missing+=(fonts-noto-color-emoji) brew+=(font-noto-color-emoji); }
      ;;
    bench)
      [ -x /usr/sbin/nginx ] || need nginx nginx
      [ -e /usr/lib/nginx/modules/ngx_http_echo_module.so ] || { missing+=(libnginx-mod-http-echo) brew+=(nginx); }
      need transmission-cli transmission-cli
      need curl curl
      ;;
    *)
      echo "scripts/packages.sh: unknown group '$group'" >&2
      exit 2
      ;;
  esac
done

[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(uname)" = Darwin ]; then
  echo "These programs are missing. Install them with:  brew install ${brew[*]}"
  exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "These packages are missing; install them with your system's package manager: ${missing[*]}"
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  root=()
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  root=(sudo)
else
  echo "These packages are missing. Ask someone with root to run:  apt-get install ${missing[*]}"
  exit 1
fi

echo "Installing what is missing: ${missing[*]} (this takes a minute or two) ..."
log=$(mktemp)
install() {
  "${root[@]}" apt-get update >"$log" 2>&1 || return 1
  local wanted=()
  for package in "${missing[@]}"; do
    # Ubuntu has Chromium as a snap only; nothing of what there is today depends on it.
    if [ "$package" = chromium ] && ! apt-cache policy chromium | grep 'Candidate: [^(]' >/dev/null; then
      echo "There is no Debian package of Chromium here; going on without it."
    else
      wanted+=("$package")
    fi
  done
  [ ${#wanted[@]} -eq 0 ] || "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${wanted[@]}" >>"$log" 2>&1
}
if ! install; then
  tail -n 20 "$log"
  echo "apt-get failed; the whole output is in $log"
  exit 1
fi
rm -f "$log"
