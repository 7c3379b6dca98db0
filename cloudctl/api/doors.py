"""How many live feeds may be open."""

MAX_CLIENTS = 400
MAX_CLIENTS_A_HOST = 40


class Doors:
    """How many feeds are open, in all and from each host."""

    def __init__(self, most: int = MAX_CLIENTS, most_a_host: int = MAX_CLIENTS_A_HOST) -> None:
        self._most = most
        self._most_a_host = most_a_host
        self._inside: dict[str, int] = {}

    def enter(self, host: str) -> bool:
        """Count a feed in, or say no."""
        if sum(self._inside.values()) >= self._most or self._inside.get(host, 0) >= self._most_a_host:
            return False
        self._inside[host] = self._inside.get(host, 0) + 1
        return True

    def leave(self, host: str) -> None:
        """Count a feed out."""
        left = self._inside[host] - 1
        if left:
            self._inside[host] = left
        else:
            del self._inside[host]
