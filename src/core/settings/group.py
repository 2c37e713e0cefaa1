"""What every group of settings has, and the kinds of values that more than one of them takes."""

from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.host_list import HostList, parse_hosts
from core.rates import parse_rate, parse_size

Hosts = Annotated[
    HostList, NoDecode, BeforeValidator(lambda value: parse_hosts(value) if isinstance(value, str) else value)
]
Rate = Annotated[int, BeforeValidator(parse_rate)]  # bytes a second
Size = Annotated[int, BeforeValidator(parse_size)]  # bytes


class SettingsGroup(BaseSettings):
    """Each field is one environment variable; its description is what the README says of it."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=False
    )
