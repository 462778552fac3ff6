"""What to read and to listen to about a movement: pages written by hand, and texts made from them."""

from smn.story.pages import KeyWork, Neighbour, Piece, Story, list_stories, read_story

__all__ = ["KeyWork", "Neighbour", "Piece", "Story", "list_stories", "read_story"]
