"""An agent made with a2a-sdk, which nobody here wrote: its server speaks both versions on one address.

Prints its port. A marker in the prompt says what it does: [[ask]], [[endless]], [[bare]], [[files]], [[tokens]].
"""

import asyncio
import socket
import sys

import uvicorn
from a2a.helpers.proto_helpers import new_raw_part, new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes.agent_card_routes import create_agent_card_routes
from a2a.server.routes.jsonrpc_routes import create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types.a2a_pb2 import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from starlette.applications import Starlette


class Agent(AgentExecutor):
    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        prompt = context.get_user_input()
        if "[[bare]]" in prompt:
            return await event_queue.enqueue_event(new_text_message("Paris, of course."))
        task = context.current_task
        is_answer = task is not None
        if task is None:
            task = new_task_from_user_message(context.message)
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work(updater.new_agent_message([new_text_part("Processing your question...")]))
        if "[[ask]]" in prompt:
            return await updater.requires_input(updater.new_agent_message([new_text_part("Which colour?")]))
        if "[[endless]]" in prompt:
            await asyncio.sleep(3600)
        if "[[files]]" in prompt:
            await updater.add_artifact([new_raw_part(b"content", filename="../report.txt", media_type="text/plain")], name="report")
        elif "[[tokens]]" in prompt:
            for index, word in enumerate(["One ", "two ", "three\n", "four"]):
                await updater.add_artifact([new_text_part(word)], artifact_id="answer", name="answer", append=index > 0, last_chunk=index == 3)
                await asyncio.sleep(0.02)
        else:
            text = "It is %s now" % prompt if is_answer else "Hello World! Nice to meet you!"
            await updater.add_artifact([new_text_part(text)], name="response")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
port = listener.getsockname()[1]
versions = sys.argv[1].split(",")
card = AgentCard(
    name="SDK agent", description="made with a2a-sdk", version="1.0.0",
    capabilities=AgentCapabilities(streaming="--no-streaming" not in sys.argv),
    default_input_modes=["text"], default_output_modes=["text"],
    skills=[AgentSkill(id="s", name="s", description="s", tags=["s"])],
    supported_interfaces=[
        AgentInterface(url="http://127.0.0.1:%d/rpc" % port, protocol_binding="JSONRPC", protocol_version=version)
        for version in versions
    ])
handler = DefaultRequestHandler(agent_executor=Agent(), task_store=InMemoryTaskStore(), agent_card=card)
application = Starlette(
    routes=create_agent_card_routes(card) + create_jsonrpc_routes(handler, "/rpc", enable_v0_3_compat="0.3" in versions))


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets=sockets)
        print(port, flush=True)


Server(uvicorn.Config(application, log_level="error")).run(sockets=[listener])
