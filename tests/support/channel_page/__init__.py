"""Draws a channel of the tests' Discord as a page, about as Discord's dark client shows it, and takes its picture."""

from .page import channel_page
from .shot import take_picture

__all__ = ["channel_page", "take_picture"]
