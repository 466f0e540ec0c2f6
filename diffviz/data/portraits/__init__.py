"""Cartoon portraits with captions: drawn by a recipe, said in free sentences."""
