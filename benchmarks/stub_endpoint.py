"""A chat-completions server that answers at once: ten tool calls, then a final message.

    python -m benchmarks.stub_endpoint            prints its port, serves until its input closes

What it answers depends on the request alone: the call whose number is that of the assistant's
messages so far. It parses HTTP/1.1 itself, so that its own time does not hide what is measured.
"""

import asyncio
import json
import sys
from collections.abc import Callable

NUM_CALLS = 10
MODELS = b'{"object": "list", "data": [{"id": "stub", "object": "model"}]}'
MAX_HEADER_BYTES = 64 * 1024


def answer(request: dict[str, object]) -> bytes:
    """The response body to one request."""
    messages = request["messages"]
    assert isinstance(messages, list)
    done = sum(message["role"] == "assistant" for message in messages)
    if done < NUM_CALLS:
        arguments = json.dumps({"place": f"shelf {done}", "count": done})
        call = {"name": "look", "arguments": arguments}
        said = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"call_{done}", "type": "function", "function": call}],
        }
    else:
        said = {"role": "assistant", "content": "the lamp"}
    choice = {
        "index": 0,
        "message": said,
        "finish_reason": "tool_calls" if done < NUM_CALLS else "stop",
    }
    usage = {"prompt_tokens": 100 + 40 * done, "completion_tokens": 20}
    usage["total_tokens"] = sum(usage.values())
    fields = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "stub"}
    return json.dumps({**fields, "choices": [choice], "usage": usage}).encode()


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests may arrive in any pieces."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = bytearray()

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.received[:end])
            length = _content_length(head)
            if len(self.received) < end + 4 + length:
                return
            body = bytes(self.received[end + 4 : end + 4 + length])
            del self.received[: end + 4 + length]
            if head.startswith(b"GET"):
                self.send(200, MODELS)
            else:
                self.reply(body)
        if len(self.received) > MAX_HEADER_BYTES:
            self.transport.close()

    def reply(self, body: bytes) -> None:
        self.send(200, answer(json.loads(body)))

    def send(self, status: int, content: bytes, promised: int | None = None) -> None:
        """A response; `promised` is its length in the header, where that is not the truth."""
        length = len(content) if promised is None else promised
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        self.transport.write(f"{head}Content-Length: {length}\r\n\r\n".encode() + content)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def serve(connection: Callable[[], Connection]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started this server holds the other end of its input.
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Connection))
