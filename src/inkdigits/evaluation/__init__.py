"""Judging: numbers apart from pictures.

Owns: metrics and how classifiers and readers are run over data sets (run); plots. Leaves to others: training.
"""
