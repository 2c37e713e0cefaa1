"""What a fetcher must know to go through the guard."""

from base64 import b64encode
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAccess:
    """Where one client finds the guard, and how it names itself. The password is a secret of this run."""

    host: str
    port: int
    username: str
    password: str

    @property
    def url(self) -> str:
        """All of it in one piece."""
        return f"http://{self.username}:{self.password}@{self.host}:{self.port}"

    @property
    def header(self) -> str:
        """The header line that proves who asks, for clients that write their own heads."""
        proof = b64encode(f"{self.username}:{self.password}".encode()).decode()
        return f"Proxy-Authorization: Basic {proof}"

    def __repr__(self) -> str:
        """Without the password: this may come into a log."""
        return f"ProxyAccess({self.username} at {self.host}:{self.port})"
