"""The page: look at a painting together with smn. `smn web` serves it."""
