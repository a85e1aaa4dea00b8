"""The service and its page: what the reader can do, over HTTP and WebSocket.

Owns: routes, limits, the page. Leaves to others: reading (reader), pictures (images), arguments (cli). FastAPI and
uvicorn live here, behind the extra `web`, and nothing else imports them.
"""
