"""The HTTP service; `smn.serve.app` needs the extra ``serve``. What it shares with the page stands in `smn.service`."""
