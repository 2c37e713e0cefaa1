"""The web page: paste a URL, watch, fetch; and what machines ask: health, figures, delivery links."""
