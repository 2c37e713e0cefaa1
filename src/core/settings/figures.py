"""Figures, alerts and the health of sites."""

from core.settings.group import SettingsGroup


class FigureSettings(SettingsGroup):
    """Figures, alerts and the health of sites."""
