"""Fetches pictures from museums, archives, hubs and lists, politely, and continues where it was stopped."""
