"""The column `download_plan`: what stage 2 chose to fetch, in few words. JSON that people also edit by hand."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class FetchPlan(BaseModel):
    """What is going to be fetched; what is not known is None."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    height: int | None = Field(default=None, ge=1, le=100_000)  # pixels of the shorter side
    bytes: int | None = Field(default=None, ge=0)  # in all
    seconds: float | None = Field(default=None, ge=0)
    files: int = Field(default=1, ge=0)
    heights: tuple[int, ...] = ()  # that the site offers, highest first

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self | None:
        """What stands in a row; None for nothing, and for what means nothing."""
        if not values:
            return None
        try:
            return cls.model_validate(dict(values))
        except ValidationError:
            return None

    def as_json(self) -> dict[str, Any]:
        """What is stored in the row."""
        return self.model_dump(mode="json", exclude_none=True)
