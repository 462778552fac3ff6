"""The service: answers over HTTP, safely, and remembers what happened.

`smn.serve.app` needs the extra ``serve``; the page uses its settings, addresses and records, without FastAPI.
"""
