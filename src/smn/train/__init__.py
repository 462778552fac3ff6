"""Recipes, and the training they describe. Training needs the extra ``train``; reading recipes does not."""

from smn.train.recipe import Recipe, list_recipes, read_recipe, recipe_text

__all__ = ["Recipe", "list_recipes", "read_recipe", "recipe_text"]
