"""The training room: recipes, augmentation, the loop and what comes out of it.

Owns: how models come about. Leaves to others: what they are (`inkdigits.models`), how they are written
(`inkdigits.export`) and judged (`inkdigits.evaluation`).
"""
