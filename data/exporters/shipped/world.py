"""The environment that TRL drives: one world at a time, its tools as methods of a subclass.

TRL makes every public method of an environment a tool of the model, so everything else here is
private. The world itself runs in a child process of the checkout.
"""

import json
import logging
import weakref
from concurrent.futures import Future
from typing import Any

from .checkout import WORLDS, CheckoutFault, child, new_session, resolved

log = logging.getLogger(__name__)


class World:
    """A world in the checkout, reopened by each `reset`; closed with this object."""

    def __init__(self, checkout: str | None = None) -> None:
        self._session = new_session()
        self._worlds = child(WORLDS, checkout)
        self._fault: str | None = "never reset"
        """Why this attempt cannot be scored; None while all is well."""
        weakref.finalize(self, self._worlds.tell, op="close", session=self._session)

    def reset(self, **row: Any) -> str | None:
        """Opens the row's world; gives its first observation, or None if there is none."""
        self._fault = None
        request = {"op": "reset", "session": self._session, "task": json.loads(row["task"])}
        try:
            first = resolved(self._worlds.ask(**request))
        except CheckoutFault as error:
            # One lost world must not end the training: the attempt gets no reward instead.
            self._fail(error)
            return None
        return f"\n\n{first['text']}" if first["text"] else None

    async def _call(self, name: str, arguments: dict[str, Any]) -> str:
        """What the world shows for one call; left out arguments are None and not sent."""
        given = {key: value for key, value in arguments.items() if value is not None}
        request = {"op": "call", "session": self._session}
        try:
            seen = await self._worlds.reply(**request, call={"name": name, "arguments": given})
        except CheckoutFault as error:
            self._fail(error)
            raise
        return str(seen["text"])

    def _state(self) -> "Future[Any]":
        """A future of the world's state, for the verdict."""
        return self._worlds.ask(op="state", session=self._session)

    def _fail(self, error: CheckoutFault) -> None:
        self._fault = str(error)
        log.warning("session %s gets no reward: %s", self._session, error)
