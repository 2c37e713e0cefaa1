"""The way out: which addresses may be reached, and the guard through which every fetcher goes."""

from download_module.egress.first_look import Egress

__all__ = ["Egress"]
