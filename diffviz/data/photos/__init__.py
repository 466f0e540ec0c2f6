"""Photographs, of which random crops at random scales are learned."""
