"""Writers of trained models, each proven equal to its source by a parity check.

Owns: file formats and their proof. Leaves to others: training and opening what was written.
"""
