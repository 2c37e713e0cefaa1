"""The web page."""

from core.settings.group import SettingsGroup


class WebSettings(SettingsGroup):
    """The web page."""
