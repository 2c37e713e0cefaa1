"""What is kept, for how long, and how much room it may take."""

from core.settings.group import SettingsGroup


class StorageSettings(SettingsGroup):
    """What is kept, for how long, and how much room it may take."""
